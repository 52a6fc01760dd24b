//! Building the index anew, while the old one is searched: begun, filled page by page, and put in the old one's place. What is left
//! off in the middle changes nothing, and the next one that is begun removes it.

use crate::document::settings;
use crate::engine::{Ask, Engine};
use crate::error::IndexError;
use crate::write::address;
use content_storage::{self as storage, Entry, ReadError};
use mcsp_bridge_api::Failure;
use mcsp_ids::{EventId, VideoId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// When searches see what was written.
const REFRESHED: &str = "1s";
/// Videos of a page, where the bridge carries so many in one answer.
const PAGE_ROWS: i64 = 1_000;
/// What it says where it does not.
const TOO_LARGE: &str = "answer-too-large";

/// Characters of a name.
const NAME_MAX: usize = 120;

/// The name of an index.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("pattern" = "^[a-z0-9-]{1,120}$"), example = &"mcsp-videos-0193a5c17b1e7c3d9f003c7a7d1a2b3c")]
pub struct IndexName(String);

/// Not a name of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unusable, expected the name of an index")]
pub struct InvalidIndexName;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Videos.
    pub written: u64,
    /// The last of them; none where there is no further page.
    pub last: Option<VideoId>,
}

#[derive(Deserialize)]
struct Counted {
    count: u64,
}

impl TryFrom<String> for IndexName {
    type Error = InvalidIndexName;

    fn try_from(name: String) -> Result<Self, InvalidIndexName> {
        let is_name = (1..=NAME_MAX).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if is_name { Ok(IndexName(name)) } else { Err(InvalidIndexName) }
    }
}

impl Engine<'_> {
    /// Makes an empty index, which gets all that changes from now on. Removes what others have left off.
    pub async fn begin(&self) -> Result<IndexName, IndexError> {
        let searched = self.indexes(self.alias()).await?;
        for left in self.indexes(&self.written()).await?.difference(&searched) {
            self.remove(left).await?;
        }
        let id: EventId = self.context().new_id();
        let name = format!("{}-{}", self.alias(), id.uuid().simple());
        let body = settings(&[self.written(), address(&name)]);
        self.ask(Ask::send("PUT", &format!("/{name}"), &body)).await?;
        Ok(IndexName(name))
    }

    /// Writes the next page of videos to an index that is being built.
    pub async fn fill(&self, index: &IndexName, after: Option<VideoId>) -> Result<Page, IndexError> {
        let (entries, wanted) = self.entries_after(after).await?;
        self.write(self.own(index)?, &entries).await?;
        let is_last = i64::try_from(entries.len()).is_ok_and(|rows| rows < wanted);
        let last = entries.last().map(|entry| entry.id).filter(|_| !is_last);
        Ok(Page { written: entries.len() as u64, last })
    }

    /// The next entries, and how many were wanted: of long ones fewer.
    async fn entries_after(&self, after: Option<VideoId>) -> Result<(Vec<Entry>, i64), ReadError> {
        let mut wanted = PAGE_ROWS;
        loop {
            match storage::entries_after(self.context(), after, wanted).await {
                Err(ReadError::Failed(Failure::Refused(code))) if code == TOO_LARGE && wanted > 1 => {
                    wanted /= 2
                }
                read => return read.map(|entries| (entries, wanted)),
            }
        }
    }

    /// Has an index searched in place of the one before, and removes that one, of whatever shape it is. It must have so many videos at least. Done again, it
    /// changes nothing.
    pub async fn activate(&self, index: &IndexName, videos: u64) -> Result<u64, IndexError> {
        let index = self.own(index)?;
        // Said, and not left to the engine: by default a search after half a minute without one would wait for it.
        let interval = json!({"index": {"refresh_interval": REFRESHED}});
        self.ask(Ask::send("PUT", &format!("/{index}/_settings"), &interval)).await?;
        self.ask(Ask::send("POST", &format!("/{index}/_refresh"), &json!({}))).await?;
        let counted = self.ask(Ask::get(&format!("/{index}/_count"))).await?;
        let Counted { count: documents } = serde_json::from_value(counted).map_err(IndexError::Unusable)?;
        if documents < videos {
            return Err(IndexError::Incomplete { documents, videos });
        }
        let mut actions = vec![json!({"add": {"index": index, "alias": self.alias()}})];
        let mut searched = self.indexes(self.alias()).await?;
        for alias in self.aliases_before() {
            searched.extend(self.indexes(&alias).await?);
        }
        for old in searched.iter().filter(|old| *old != index) {
            actions.push(json!({"remove_index": {"index": old}}));
        }
        self.ask(Ask::send("POST", "/_aliases", &json!({"actions": actions}))).await?;
        Ok(documents)
    }

    /// An engine may have others' indexes too.
    fn own<'a>(&self, IndexName(name): &'a IndexName) -> Result<&'a str, IndexError> {
        let own = name.strip_prefix(self.alias()).and_then(|name| name.strip_prefix('-'));
        own.map(|_| name.as_str()).ok_or(IndexError::NoIndex)
    }

    async fn remove(&self, index: &str) -> Result<(), IndexError> {
        match self.ask(Ask::delete(&format!("/{index}"))).await {
            Ok(_) | Err(IndexError::NoIndex) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
