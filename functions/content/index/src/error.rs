//! Why an engine gives nothing.

use content_storage::ReadError;
use http::StatusCode;
use mcsp_bridge_api::Failure;
use mcsp_problem::Problem;

/// Why an engine gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The bridge knows no engine.
    #[error("there is no search engine")]
    NoEngine,
    /// Not built yet, or another one has taken its place.
    #[error("there is no such index")]
    NoIndex,
    /// It did not answer.
    #[error("the search engine gives no answer")]
    Failed(#[source] Failure),
    /// It answered with something else than it should.
    #[error("the search engine answers {0}")]
    Answered(u16),
    /// It answered what nobody can read.
    #[error("the search engine's answer cannot be read")]
    Unusable(#[source] serde_json::Error),
    /// It will never take a document.
    #[error("the search engine does not take a video")]
    Refused,
    /// The new index lacks videos.
    #[error("the index has {documents} of {videos} videos")]
    Incomplete {
        /// That it has.
        documents: u64,
        /// That it should have.
        videos: u64,
    },
    /// What was to be indexed could not be read.
    #[error("the videos cannot be read")]
    Unread(#[from] ReadError),
}

impl From<IndexError> for Problem {
    fn from(error: IndexError) -> Self {
        let problem = match error {
            IndexError::NoEngine => return no_engine(),
            IndexError::NoIndex => return index_gone(),
            IndexError::Incomplete { .. } => return index_incomplete().with_detail(&error),
            IndexError::Unread(error) => return error.into(),
            IndexError::Failed(failure) => return failure.into(),
            IndexError::Refused => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "not_indexable",
                "the search engine does not take this video",
            ),
            IndexError::Answered(_) | IndexError::Unusable(_) => Problem::from(Failure::Unreachable),
        };
        problem.caused_by(&error)
    }
}

/// 409: nothing can be indexed where there is no engine.
pub(crate) fn no_engine() -> Problem {
    Problem::new(StatusCode::CONFLICT, "no_search_engine", "this platform searches in Postgres alone")
}

/// 409: the index that was being built is not there.
pub(crate) fn index_gone() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "index_gone",
        "the index is not there; another one is being built, or was",
    )
}

/// 409: the index must not be searched yet.
pub(crate) fn index_incomplete() -> Problem {
    Problem::new(StatusCode::CONFLICT, "index_incomplete", "the index lacks videos")
}
