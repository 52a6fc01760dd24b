-- Uploads whose videos are deleted for good: nothing of them is in the store, and they count no more.
ALTER TABLE uploads
    DROP CONSTRAINT uploads_state,
    ADD CONSTRAINT uploads_state CHECK (state IN (
        'waiting', 'uploading', 'verifying', 'initiated', 'processing', 'ready', 'failed', 'cancelled', 'expired', 'purged'
    ));
