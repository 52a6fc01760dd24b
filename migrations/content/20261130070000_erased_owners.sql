-- Owners whose accounts are gone for good: what the pipeline still brings for them, it brings without images.
ALTER TABLE owners
    ADD COLUMN is_erased boolean NOT NULL DEFAULT false;
