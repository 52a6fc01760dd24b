//! Dead letters: the record as it was, and beside its headers why, where and for whom it failed.

use crate::record::Record;

/// Bytes of a cause that are kept.
const MAX_CAUSE_BYTES: usize = 2_048;
const PREFIX: &str = "mcsp_dead_";
const CAUSE: &str = "mcsp_dead_cause";
const COMPONENT: &str = "mcsp_dead_component";
const ATTEMPTS: &str = "mcsp_dead_attempts";
const TOPIC: &str = "mcsp_dead_topic";
const PARTITION: &str = "mcsp_dead_partition";
const OFFSET: &str = "mcsp_dead_offset";
/// On a redriven record: the one component that takes it. The others have applied it long ago.
const REDRIVEN_FOR: &str = "mcsp_redriven_for";

const SUFFIX: &str = ".dlq";

/// What Knative adds to an event that it gives up: `knativeerrordest`, `knativeerrorcode`, `knativeerrordata`.
const KNATIVE_PREFIX: &str = "ce_knativeerror";
/// The key of each event, which Knative does not keep.
const SUBJECT: &str = "ce_subject";

/// Where the dead letters of a topic go: `<topic>.dlq`.
pub fn dead_letter_topic(topic: &str) -> String {
    format!("{topic}{SUFFIX}")
}

/// Makes the dead letter of a record that failed for good.
pub(crate) fn bury(record: &Record, component: &str, attempts: u32, cause: &str) -> Record {
    let mut letter = record.clone();
    letter.headers.retain(|(key, _)| !key.starts_with(PREFIX) && key != REDRIVEN_FOR);
    let end = cause.floor_char_boundary(MAX_CAUSE_BYTES);
    let cause = cause.get(..end).unwrap_or_default();
    for (key, value) in [
        (CAUSE, cause.to_owned()),
        (COMPONENT, component.to_owned()),
        (ATTEMPTS, attempts.to_string()),
        (TOPIC, record.topic.clone()),
        (PARTITION, record.partition.to_string()),
        (OFFSET, record.offset.to_string()),
    ] {
        letter.headers.push((key.to_owned(), Some(value.into_bytes())));
    }
    letter
}

/// The record that a dead letter was, and the topic it came from: marked for the component that failed, or, where Knative
/// gave it up, for all, of which those that have applied it know it. None where it is no dead letter.
pub(crate) fn exhume(letter: &Record) -> Option<(Record, String)> {
    let mut record = letter.clone();
    if letter.headers.iter().any(|(key, _)| key.starts_with(KNATIVE_PREFIX)) {
        record.headers.retain(|(key, _)| !key.starts_with(KNATIVE_PREFIX));
        record.key = record.key.or_else(|| letter.header(SUBJECT).map(|subject| subject.as_bytes().to_vec()));
        return Some((record, letter.topic.strip_suffix(SUFFIX)?.to_owned()));
    }
    let topic = letter.header(TOPIC)?.to_owned();
    let component = letter.header(COMPONENT)?.to_owned();
    record.headers.retain(|(key, _)| !key.starts_with(PREFIX));
    record.headers.push((REDRIVEN_FOR.to_owned(), Some(component.into_bytes())));
    Some((record, topic))
}

/// Whether a record is a redriven one for another component.
pub(crate) fn is_for_another(record: &Record, component: &str) -> bool {
    record.header(REDRIVEN_FOR).is_some_and(|redriven_for| redriven_for != component)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            topic: "media.changed".to_owned(),
            partition: 3,
            offset: 42,
            key: Some(b"k".to_vec()),
            payload: None,
            headers: vec![("ce_id".to_owned(), Some(b"1".to_vec())), ("own".to_owned(), None)],
        }
    }

    #[test]
    fn a_dead_letter_keeps_its_headers_and_tells_its_story() {
        let letter = bury(&record(), "search", 8, "schema");
        let told = [CAUSE, COMPONENT, ATTEMPTS, TOPIC, PARTITION, OFFSET].map(|name| letter.header(name));
        assert_eq!(told.map(Option::unwrap), ["schema", "search", "8", "media.changed", "3", "42"]);
        assert_eq!(letter.headers[..2], record().headers[..]);
    }

    #[test]
    fn a_redriven_record_is_for_the_component_that_failed_alone() {
        let (redriven, topic) = exhume(&bury(&record(), "search", 8, "schema")).unwrap();
        assert_eq!(topic, "media.changed");
        assert!(!is_for_another(&redriven, "search") && is_for_another(&redriven, "notifier"));
        assert!(!is_for_another(&record(), "notifier"));
        // Should it die again, it is as it was the first time.
        let again = bury(&redriven, "search", 1, "schema");
        assert_eq!(again.headers.len(), bury(&record(), "search", 1, "schema").headers.len());
    }

    #[test]
    fn a_long_cause_is_cut_between_characters() {
        let letter = bury(&record(), "search", 1, &"é".repeat(MAX_CAUSE_BYTES));
        assert_eq!(letter.header(CAUSE).unwrap().len(), MAX_CAUSE_BYTES);
        assert_eq!(
            bury(&record(), "search", 1, &format!("x{}", "é".repeat(2_000))).header(CAUSE).unwrap().len(),
            2_047
        );
    }

    #[test]
    fn a_letter_of_knatives_is_redriven_for_all_with_its_key() {
        let mut letter = record();
        letter.topic = dead_letter_topic(&letter.topic);
        letter.key = None;
        for (name, value) in
            [("ce_subject", "k"), ("ce_knativeerrorcode", "422"), ("ce_knativeerrordest", "http://relay")]
        {
            letter.headers.push((name.to_owned(), Some(value.as_bytes().to_vec())));
        }
        let (redriven, topic) = exhume(&letter).unwrap();
        assert_eq!((topic.as_str(), redriven.key.as_deref()), ("media.changed", Some(b"k".as_slice())));
        assert_eq!(redriven.headers.len(), record().headers.len() + 1, "the subject is the event's own");
        assert!(!is_for_another(&redriven, "search") && !is_for_another(&redriven, "notifier"));
    }

    #[test]
    fn what_is_no_dead_letter_is_not_redriven() {
        assert!(exhume(&record()).is_none());
    }
}
