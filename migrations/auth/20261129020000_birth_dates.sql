-- When owners were born, as they say. Personal data, of which others are told only which ages are reached.
ALTER TABLE accounts ADD COLUMN birth_date date;
