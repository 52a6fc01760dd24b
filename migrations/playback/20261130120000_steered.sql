-- Videos are packaged for players that are steered too, those that were packaged before are not.
ALTER TABLE videos ADD COLUMN packaged_hls_steered text;
