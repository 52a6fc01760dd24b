//! Writing videos to every index that is kept.

use crate::document::{document, name};
use crate::engine::{Ask, Engine};
use crate::error::IndexError;
use content_storage::{self as storage, Entry};
use mcsp_ids::VideoId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Bytes of a request: less than the bridge takes.
const REQUEST_MAX_BYTES: usize = 4 << 20;
/// How often an index may go away while it is written to: each time another one has been built.
const SWAPS_MAX: usize = 3;

#[derive(Deserialize)]
struct Written {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: ItemStatus,
}

#[derive(Deserialize)]
struct ItemStatus {
    status: u16,
}

impl Engine<'_> {
    /// Writes a video as it is now to all indexes. One that is not there any more is not found, in the version that was told of it.
    pub async fn keep(&self, id: VideoId, version: i64) -> Result<(), IndexError> {
        let entries = storage::entries(self.context(), &[id]).await?;
        let entries = if entries.is_empty() { vec![Entry { id, version, content: None }] } else { entries };
        for _ in 0..SWAPS_MAX {
            // After the video was read: an index that comes to be later reads it anew.
            let indexes = self.indexes(&self.written()).await?;
            let mut is_whole = true;
            for index in &indexes {
                match self.write(index, &entries).await {
                    Ok(()) => {}
                    Err(IndexError::NoIndex) => is_whole = false,
                    Err(error) => return Err(error),
                }
            }
            if is_whole {
                return Ok(());
            }
        }
        Err(IndexError::NoIndex)
    }

    /// Writes entries to one index. What it has in a later version stays.
    pub(crate) async fn write(&self, index: &str, entries: &[Entry]) -> Result<(), IndexError> {
        let mut body = Vec::new();
        for entry in entries {
            let action = json!({"index": {
                "_id": name(entry), "version": entry.version, "version_type": "external_gte",
            }});
            let line = format!("{action}\n{}\n", document(entry));
            if body.len() + line.len() > REQUEST_MAX_BYTES {
                self.send(index, std::mem::take(&mut body)).await?;
            }
            body.extend_from_slice(line.as_bytes());
        }
        if body.is_empty() { Ok(()) } else { self.send(index, body).await }
    }

    async fn send(&self, index: &str, body: Vec<u8>) -> Result<(), IndexError> {
        // By an alias of its own: by its name, the engine would make an index that is gone anew.
        let path = format!("/{}/_bulk?require_alias=true&filter_path=items.index.status", address(index));
        let answer = self.ask(Ask { method: "POST", path: &path, body, deadline_ms: None }).await?;
        let Written { items } = serde_json::from_value(answer).map_err(IndexError::Unusable)?;
        let statuses: BTreeSet<u16> = items.iter().map(|item| item.index.status).collect();
        for status in statuses {
            match status {
                // A later version is there.
                200 | 201 | 409 => {}
                404 => return Err(IndexError::NoIndex),
                400 => return Err(IndexError::Refused),
                other => return Err(IndexError::Answered(other)),
            }
        }
        Ok(())
    }

    /// The indexes that have an alias.
    pub(crate) async fn indexes(&self, alias: &str) -> Result<BTreeSet<String>, IndexError> {
        match self.ask(Ask::get(&format!("/_alias/{alias}"))).await {
            Ok(Value::Object(indexes)) => Ok(indexes.into_iter().map(|(index, _)| index).collect()),
            Ok(_) => Err(IndexError::Answered(200)),
            Err(IndexError::NoIndex) => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    }
}

/// The alias by which an index is written to.
pub(crate) fn address(index: &str) -> String {
    format!("{index}-writes")
}
