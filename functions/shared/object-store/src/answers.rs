//! The XML of S3, in the parts that matter here.

use crate::StoreError;
use mcsp_bridge_api::services::Response;
use quick_xml::{de, se};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A part that the store has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListedPart {
    /// From 1.
    #[serde(rename = "PartNumber")]
    pub number: u32,
    /// Its size.
    #[serde(rename = "Size")]
    pub size_bytes: u64,
    /// Its entity tag, with the quotes.
    #[serde(rename = "ETag")]
    pub e_tag: String,
    /// Its SHA-256 in base64, where it came with one.
    #[serde(rename = "ChecksumSHA256")]
    pub checksum_sha256: Option<String>,
}

/// A page of the parts that the store has, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PartList {
    /// The parts.
    #[serde(rename = "Part", default)]
    pub parts: Vec<ListedPart>,
    /// Whether there are more.
    #[serde(rename = "IsTruncated", default)]
    pub truncated: bool,
}

/// Keys that begin in the same way, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct KeyList {
    #[serde(rename = "Contents", default)]
    contents: Vec<ListedObject>,
    /// Whether there are more.
    #[serde(rename = "IsTruncated", default)]
    pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct ListedObject {
    #[serde(rename = "Key")]
    key: String,
}

impl KeyList {
    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.contents.iter().map(|object| object.key.as_str())
    }
}

#[derive(Deserialize)]
pub(crate) struct CopiedObject {
    #[serde(rename = "ETag")]
    _e_tag: String,
}

#[derive(Deserialize)]
pub(crate) struct CreatedMultipart {
    #[serde(rename = "UploadId")]
    pub(crate) upload_id: String,
}

#[derive(Deserialize)]
pub(crate) struct CompletedMultipart {
    #[serde(rename = "ETag")]
    _e_tag: String,
}

#[derive(Deserialize)]
struct ErrorDocument {
    #[serde(rename = "Code")]
    code: String,
}

#[derive(Serialize)]
#[serde(rename = "CompleteMultipartUpload")]
struct Completion<'a> {
    #[serde(rename = "Part")]
    parts: Vec<CompletedPart<'a>>,
}

#[derive(Serialize)]
struct CompletedPart<'a> {
    #[serde(rename = "PartNumber")]
    number: u32,
    #[serde(rename = "ETag")]
    e_tag: &'a str,
    #[serde(rename = "ChecksumSHA256", skip_serializing_if = "Option::is_none")]
    checksum_sha256: Option<&'a str>,
}

/// The body that completes a multipart upload with these parts.
pub(crate) fn completion(parts: &[ListedPart]) -> Result<Vec<u8>, StoreError> {
    let parts = parts.iter().map(|part| CompletedPart {
        number: part.number,
        e_tag: &part.e_tag,
        checksum_sha256: part.checksum_sha256.as_deref(),
    });
    let xml = se::to_string(&Completion { parts: parts.collect() }).map_err(|_| StoreError::Unreadable)?;
    Ok(xml.into_bytes())
}

/// Reads the XML of a success. S3 may keep a connection alive with spaces, begin the answer with 200, and
/// only then report an error in the body.
pub(crate) fn read<T: DeserializeOwned>(response: &Response) -> Result<T, StoreError> {
    let xml = text(response).ok_or(StoreError::Unreadable)?;
    match de::from_str(xml) {
        Ok(answer) => Ok(answer),
        Err(_) => Err(match error_code(response) {
            Some(code) => failure(500, Some(code)),
            None => StoreError::Unreadable,
        }),
    }
}

/// Passes a success on; anything else is an error.
pub(crate) fn successful(response: Response) -> Result<Response, StoreError> {
    match response.status {
        200..=299 => Ok(response),
        status => {
            let code = error_code(&response);
            Err(failure(status, code))
        }
    }
}

fn failure(status: u16, code: Option<String>) -> StoreError {
    match (status, code.as_deref()) {
        (_, Some("NoSuchUpload")) => StoreError::NoSuchUpload,
        // An answer to HEAD has no body that could say more.
        (404, None | Some("NoSuchKey")) => StoreError::NoSuchObject,
        (429 | 500.., _) => StoreError::Unavailable { status, code },
        _ => StoreError::Refused { status, code },
    }
}

fn error_code(response: &Response) -> Option<String> {
    de::from_str::<ErrorDocument>(text(response)?).ok().map(|document| document.code)
}

fn text(response: &Response) -> Option<&str> {
    std::str::from_utf8(&response.body).ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response { status, headers: vec![], body: body.as_bytes().to_vec(), stale_ms: 0 }
    }

    #[test]
    fn a_list_of_parts_is_read_with_and_without_checksums() {
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>b</Bucket>
            <PartNumberMarker>0</PartNumberMarker><IsTruncated>true</IsTruncated>
            <Part><PartNumber>1</PartNumber><LastModified>2026-01-01T00:00:00Z</LastModified>
                <ETag>&quot;a&quot;</ETag><Size>5242880</Size></Part>
            <Part><PartNumber>3</PartNumber><ETag>"c"</ETag><Size>7</Size><ChecksumSHA256>x=</ChecksumSHA256></Part>
            </ListPartsResult>"#;
        let list: PartList = read(&response(200, xml)).unwrap();
        let part = |number, size_bytes, e_tag: &str, checksum: Option<&str>| ListedPart {
            number,
            size_bytes,
            e_tag: e_tag.into(),
            checksum_sha256: checksum.map(str::to_owned),
        };
        assert!(list.truncated);
        assert_eq!(list.parts, [part(1, 5_242_880, "\"a\"", None), part(3, 7, "\"c\"", Some("x="))]);
    }

    #[test]
    fn an_empty_list_is_a_list() {
        let xml = "<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>";
        assert_eq!(read::<PartList>(&response(200, xml)), Ok(PartList::default()));
    }

    #[test]
    fn a_list_of_keys_is_read() {
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>a/</Prefix>
            <KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>
            <Contents><Key>a/1</Key><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>
            <Contents><Key>a/2</Key><ETag>&quot;x&quot;</ETag></Contents></ListBucketResult>"#;
        let list: KeyList = read(&response(200, xml)).unwrap();
        assert_eq!(list.keys().collect::<Vec<_>>(), ["a/1", "a/2"]);
        let none: KeyList =
            read(&response(200, "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")).unwrap();
        assert_eq!((none.keys().count(), none.truncated), (0, false));
    }

    #[test]
    fn an_error_behind_status_200_is_an_error() {
        let xml = "   \n<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>m</Message></Error>";
        let error = read::<CompletedMultipart>(&response(200, xml)).err();
        let code = Some("InternalError".to_owned());
        assert_eq!(error, Some(StoreError::Unavailable { status: 500, code }));
        assert_eq!(read::<CompletedMultipart>(&response(200, "hello")).err(), Some(StoreError::Unreadable));
    }

    #[test]
    fn refusals_are_told_apart() {
        let error = |status, code: &str| {
            let xml = format!("<Error><Code>{code}</Code></Error>");
            successful(response(status, if code.is_empty() { "" } else { &xml })).unwrap_err()
        };
        assert_eq!(error(404, "NoSuchUpload"), StoreError::NoSuchUpload);
        assert_eq!(error(404, "NoSuchKey"), StoreError::NoSuchObject);
        assert_eq!(error(404, ""), StoreError::NoSuchObject);
        assert!(matches!(error(404, "NoSuchBucket"), StoreError::Refused { .. }));
        assert!(matches!(error(403, "SignatureDoesNotMatch"), StoreError::Refused { .. }));
        assert!(matches!(error(503, "SlowDown"), StoreError::Unavailable { .. }));
    }

    #[test]
    fn a_completion_names_the_parts_in_the_given_order() {
        let part = ListedPart { number: 1, size_bytes: 1, e_tag: "\"a\"".into(), checksum_sha256: None };
        let xml = String::from_utf8(completion(&[part]).unwrap()).unwrap();
        assert!(xml.contains("<Part><PartNumber>1</PartNumber><ETag>"), "{xml}");
        assert!(!xml.contains("Checksum"), "{xml}");
    }
}
