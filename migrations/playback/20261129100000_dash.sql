-- Videos are packaged for DASH too, those that were packaged before are not.
ALTER TABLE videos ADD COLUMN packaged_dash text;
