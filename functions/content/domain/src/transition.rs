//! What can happen to a video. Each transition takes the old video and gives the new one, one version on.

use crate::{
    Category, Collaborators, CustomFields, Description, Details, FailureCode, Language, Licence, MinimumAge,
    Origin, PasswordsVersion, Processed, Regions, State, Tags, Thumbnails, Title, Tracks, Video, Visibility,
    Withheld,
};
use jiff::{SignedDuration, Timestamp};
use mcsp_embedding::Embedding;

/// How far ahead a publication may lie.
const SCHEDULE_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The version of a new video.
const FIRST_VERSION: i64 = 1;

/// What became of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It changed.
    Changed(Change),
    /// It was so already: nothing to write, nothing to tell.
    Unchanged(Video),
}

/// A video that has changed, and is still to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it is now.
    pub video: Video,
    /// What it went through.
    pub happened: Happened,
}

/// What a video can go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Its upload is complete, or its owner has begun it without one.
    Created,
    /// It can be published.
    Ready,
    /// The pipeline gave up.
    Failed,
    /// It plays another file.
    Replaced,
    /// Its owner said something else of it.
    Edited,
    /// Other captions go with it.
    CaptionsChanged,
    /// Other chapters go with it.
    ChaptersChanged,
    /// It is meant for others.
    VisibilityChanged,
    /// It is shown elsewhere.
    RegionsChanged,
    /// It can be seen.
    Published,
    /// It can no longer be seen.
    Unpublished,
    /// It is to be published by itself.
    Scheduled,
    /// It is not any more.
    Unscheduled,
    /// Its owner's account is no more, and neither is what they said of it.
    Erased,
    /// It is kept back.
    Blocked,
    /// Nothing keeps it back any more.
    Restored,
    /// Its owner does not want it any more.
    Deleted,
    /// Its owner wants it again.
    Undeleted,
    /// Nothing of it is left.
    Purged,
    /// A draft has its file.
    Uploaded,
    /// Others work on it, or in other roles.
    CollaboratorsChanged,
    /// It is another account's.
    Transferred,
    /// Other pages may embed it.
    EmbeddingChanged,
    /// It has other images, or another one was chosen.
    ThumbnailsChanged,
}

impl Outcome {
    /// The video as it is now.
    pub fn video(&self) -> &Video {
        match self {
            Outcome::Changed(change) => &change.video,
            Outcome::Unchanged(video) => video,
        }
    }
}

impl Happened {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Happened::Created => "created",
            Happened::Ready => "ready",
            Happened::Failed => "failed",
            Happened::Replaced => "replaced",
            Happened::Edited => "edited",
            Happened::CaptionsChanged => "captions_changed",
            Happened::ChaptersChanged => "chapters_changed",
            Happened::VisibilityChanged => "visibility_changed",
            Happened::RegionsChanged => "regions_changed",
            Happened::Published => "published",
            Happened::Unpublished => "unpublished",
            Happened::Scheduled => "scheduled",
            Happened::Unscheduled => "unscheduled",
            Happened::Erased => "erased",
            Happened::Blocked => "blocked",
            Happened::Restored => "restored",
            Happened::Deleted => "deleted",
            Happened::Undeleted => "undeleted",
            Happened::Purged => "purged",
            Happened::Uploaded => "uploaded",
            Happened::CollaboratorsChanged => "collaborators_changed",
            Happened::Transferred => "transferred",
            Happened::EmbeddingChanged => "embedding_changed",
            Happened::ThumbnailsChanged => "thumbnails_changed",
        }
    }
}

/// New details. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Replaces it; a title once given can't be taken away.
    pub title: Option<Title>,
    /// Replaces it.
    pub description: Option<Description>,
    /// Replaces all of them.
    pub tags: Option<Tags>,
    /// Replaces or clears it.
    pub category: Option<Option<Category>>,
    /// Replaces or clears it.
    pub language: Option<Option<Language>>,
    /// Replaces or clears it.
    pub minimum_age: Option<Option<MinimumAge>>,
    /// Replaces or clears it.
    pub licence: Option<Option<Licence>>,
    /// Replaces or clears it.
    pub made_for_kids: Option<Option<bool>>,
    /// Replaces all of them.
    pub custom_fields: Option<CustomFields>,
}

/// Why a video can't be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPublishable {
    /// There is nothing to play yet.
    #[error("there is nothing to play yet")]
    Processing,
    /// There will be nothing to play.
    #[error("the video could not be processed")]
    Failed,
    /// Nobody would know what it is.
    #[error("the video has no title")]
    Untitled,
    /// It would not be shown.
    #[error("the video is blocked")]
    Blocked,
}

/// Why a video can't be published later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSchedulable {
    /// It can't be published at all.
    #[error(transparent)]
    NotPublishable(#[from] NotPublishable),
    /// It is published.
    #[error("the video is published")]
    Published,
    /// That time is over.
    #[error("must lie ahead")]
    Over,
    /// Nobody plans so far ahead.
    #[error("must lie within a year")]
    TooFar,
}

/// A video that never was published can't be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the video was never published")]
pub struct NotPublished;

impl Video {
    /// A video whose upload is complete. Public, since publishing is its owner's act and says enough.
    pub fn create(origin: Origin, now: Timestamp) -> Change {
        let video = Video {
            origin,
            version: FIRST_VERSION,
            state: State::Processing,
            withheld: Withheld::default(),
            deletion: None,
            visibility: Visibility::Public,
            regions: Regions::default(),
            publish_at: None,
            details: Details::default(),
            tracks: Tracks::default(),
            collaborators: Collaborators::default(),
            thumbnails: Thumbnails::default(),
            created_at: now,
            updated_at: now,
            embedding: Embedding::default(),
        };
        Change { video, happened: Happened::Created }
    }

    /// The pipeline's last word. It has only one: on a video that has left `processing` it changes nothing. What was to be
    /// protected and is not has failed: whoever uploaded it did not mean it to be in the clear.
    pub fn processed(self, processed: Processed, now: Timestamp) -> Outcome {
        match (&self.state, processed) {
            (State::Processing, Processed::Completed(media)) => {
                if self.origin.asks_for_protection && media.protection.is_none() {
                    return self.processed(Processed::Failed(FailureCode::unprotected()), now);
                }
                self.changed(State::Ready(media), Happened::Ready, now)
            }
            // What was planned never comes.
            (State::Processing, Processed::Failed(code)) => {
                Video { publish_at: None, ..self }.changed(State::Failed(code), Happened::Failed, now)
            }
            (
                State::Draft
                | State::Ready(_)
                | State::Published { .. }
                | State::Unpublished { .. }
                | State::Failed(_),
                Processed::Completed(_) | Processed::Failed(_),
            ) => Outcome::Unchanged(self),
        }
    }

    /// Shows it to whom its visibility says. Once published it stays as it is.
    pub fn publish(self, now: Timestamp) -> Result<Outcome, NotPublishable> {
        if self.withheld.is_in_force() || self.deletion.is_some() {
            return Err(NotPublishable::Blocked);
        }
        let (media, first_published_at) = match &self.state {
            State::Published { .. } => return Ok(Outcome::Unchanged(self)),
            State::Draft | State::Processing => return Err(NotPublishable::Processing),
            State::Failed(_) => return Err(NotPublishable::Failed),
            State::Ready(media) => (media.clone(), now),
            State::Unpublished { media, first_published_at } => (media.clone(), *first_published_at),
        };
        if self.details.title.is_none() {
            return Err(NotPublishable::Untitled);
        }
        let state = State::Published { media, first_published_at };
        Ok(Video { publish_at: None, ..self }.changed(state, Happened::Published, now))
    }

    /// Has it published by itself, and not before it is ready. Said again, the later word counts.
    pub fn schedule(self, publish_at: Timestamp, now: Timestamp) -> Result<Outcome, NotSchedulable> {
        match &self.state {
            State::Draft | State::Processing | State::Ready(_) | State::Unpublished { .. } => {}
            State::Published { .. } => return Err(NotSchedulable::Published),
            State::Failed(_) => return Err(NotPublishable::Failed.into()),
        }
        if self.details.title.is_none() {
            return Err(NotPublishable::Untitled.into());
        }
        // To the millisecond: finer than it is kept it would not be found to be the same.
        let publish_at = Timestamp::from_millisecond(publish_at.as_millisecond()).unwrap_or(publish_at);
        if self.publish_at == Some(publish_at) {
            return Ok(Outcome::Unchanged(self));
        }
        check_plan(publish_at, now)?;
        let state = self.state.clone();
        Ok(Video { publish_at: Some(publish_at), ..self }.changed(state, Happened::Scheduled, now))
    }

    /// Has it not published by itself.
    pub fn unschedule(self, now: Timestamp) -> Outcome {
        if self.publish_at.is_none() {
            return Outcome::Unchanged(self);
        }
        let state = self.state.clone();
        Video { publish_at: None, ..self }.changed(state, Happened::Unscheduled, now)
    }

    /// Whether it is to be published by itself by now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.publish_at.is_some_and(|publish_at| publish_at <= now)
    }

    /// Takes it back. Once taken back it stays as it is.
    pub fn unpublish(self, now: Timestamp) -> Result<Outcome, NotPublished> {
        let (media, first_published_at) = match &self.state {
            State::Unpublished { .. } => return Ok(Outcome::Unchanged(self)),
            State::Draft | State::Processing | State::Ready(_) | State::Failed(_) => {
                return Err(NotPublished);
            }
            State::Published { media, first_published_at } => (media.clone(), *first_published_at),
        };
        Ok(self.changed(State::Unpublished { media, first_published_at }, Happened::Unpublished, now))
    }

    /// Takes it back and forgets what its owner said of it, whose account is no more. Once done it stays so.
    pub fn erase(self, now: Timestamp) -> Outcome {
        let state = match &self.state {
            State::Published { media, first_published_at } => {
                State::Unpublished { media: media.clone(), first_published_at: *first_published_at }
            }
            other @ (State::Draft
            | State::Processing
            | State::Ready(_)
            | State::Unpublished { .. }
            | State::Failed(_)) => other.clone(),
        };
        let state = state.without_thumbnails();
        let bare = self.clone().bare();
        if state == self.state && bare == self {
            return Outcome::Unchanged(self);
        }
        bare.changed(state, Happened::Erased, now)
    }

    /// The same, without what its owner has said of it, and as nobody else's.
    pub(crate) fn bare(self) -> Self {
        Video {
            details: Details::default(),
            tracks: Tracks::default(),
            thumbnails: Thumbnails::default(),
            visibility: Visibility::Private,
            regions: Regions::default(),
            embedding: Embedding::default(),
            collaborators: Collaborators::default(),
            publish_at: None,
            ..self
        }
    }

    /// Means it for others.
    pub fn with_visibility(self, visibility: Visibility, now: Timestamp) -> Outcome {
        if self.visibility == visibility {
            return Outcome::Unchanged(self);
        }
        let state = self.state.clone();
        Video { visibility, ..self }.changed(state, Happened::VisibilityChanged, now)
    }

    /// Means it for those who know a password. They are new ones each time: who knew the earlier ones knows nothing any more.
    pub fn with_passwords(self, now: Timestamp) -> Outcome {
        let visibility = Visibility::Password(PasswordsVersion(self.version + 1));
        self.with_visibility(visibility, now)
    }

    /// Has it shown and played there.
    pub fn with_regions(self, regions: Regions, now: Timestamp) -> Outcome {
        if self.regions == regions {
            return Outcome::Unchanged(self);
        }
        let state = self.state.clone();
        Video { regions, ..self }.changed(state, Happened::RegionsChanged, now)
    }

    /// Says something else of it.
    pub fn edit(self, edit: Edit, now: Timestamp) -> Outcome {
        let details = self.details.clone().with(edit);
        if details == self.details {
            return Outcome::Unchanged(self);
        }
        let state = self.state.clone();
        Video { details, ..self }.changed(state, Happened::Edited, now)
    }

    pub(crate) fn changed(self, state: State, happened: Happened, now: Timestamp) -> Outcome {
        let video = Video { state, version: self.version + 1, updated_at: now, ..self };
        Outcome::Changed(Change { video, happened })
    }
}

impl Details {
    /// The same, with what is said anew.
    pub(crate) fn with(self, edit: Edit) -> Self {
        let Edit { title, description, tags, category, language, .. } = edit;
        Details {
            title: title.or(self.title),
            description: description.unwrap_or(self.description),
            tags: tags.unwrap_or(self.tags),
            category: category.unwrap_or(self.category),
            language: language.unwrap_or(self.language),
            minimum_age: edit.minimum_age.unwrap_or(self.minimum_age),
            licence: edit.licence.unwrap_or(self.licence),
            made_for_kids: edit.made_for_kids.unwrap_or(self.made_for_kids),
            custom_fields: edit.custom_fields.unwrap_or(self.custom_fields),
        }
    }
}

/// Whether a publication may be planned for then.
pub fn check_plan(publish_at: Timestamp, now: Timestamp) -> Result<(), NotSchedulable> {
    if publish_at <= now {
        return Err(NotSchedulable::Over);
    }
    if publish_at.duration_since(now) > SCHEDULE_MAX { Err(NotSchedulable::TooFar) } else { Ok(()) }
}
