//! Names of Kafka topics.

/// What a dead-letter topic's name has after that of its topic.
pub const DEAD_LETTER_SUFFIX: &str = ".dlq";

/// The length that Kafka allows, less the suffix of the dead-letter topic.
const MAX_LENGTH: usize = 249 - DEAD_LETTER_SUFFIX.len();

/// The topic that takes what could not be delivered from another.
pub fn dead_letter_topic(topic: &str) -> String {
    format!("{topic}{DEAD_LETTER_SUFFIX}")
}

pub(crate) fn check(topic: &str) -> Result<(), String> {
    if topic.is_empty() || topic.len() > MAX_LENGTH {
        return Err(format!("`{topic}` is not between 1 and {MAX_LENGTH} characters long"));
    }
    if !topic.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')) {
        return Err(format!("`{topic}` has characters that Kafka does not take"));
    }
    if topic.ends_with(DEAD_LETTER_SUFFIX) {
        return Err(format!("`{topic}` is a dead-letter topic, which only the bridge writes and redrives"));
    }
    Ok(())
}
