-- What Admin has decided on videos and on accounts, as Playback hears it by itself: beside what Content and Auth say of them, also of
-- those of which they have told nothing yet.
CREATE TABLE video_decisions (
    video_id uuid PRIMARY KEY,
    -- One more with each decision on the video: a row never goes back to an earlier one, nor does it go, as versions are counted with it.
    version bigint NOT NULL,
    is_blocked boolean NOT NULL
);

CREATE TABLE account_decisions (
    user_id uuid PRIMARY KEY,
    -- One more with each decision on the account: a row never goes back to an earlier one, nor does it go, not even with an account that is
    -- erased: of that it has no more than the id, as `accounts` has.
    version bigint NOT NULL,
    is_suspended boolean NOT NULL
);
