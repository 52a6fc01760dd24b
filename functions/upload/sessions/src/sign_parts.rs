//! `POST /v1/uploads/{id}/parts`: URLs for a batch of parts, each good for its number, its size and, where it
//! is given, its SHA-256. Repeating it gives fresh URLs and has no other effect, so it takes no key.
//!
//! The first batch begins the multipart upload at the store.

use http::StatusCode;
use mcsp_access::Permission;
use mcsp_ids::UploadId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use upload_bytes::{Uploads, place, unavailable};
use upload_domain::{Checksum, Mismatch, Multipart, PartPlan, Refused, Upload};
use upload_lifecycle::{
    ATTEMPTS_MAX, SignedView, Uploader, begin_parts, reason, refusals_of_unfetched, refuse, refused, until,
    url_expires_at,
};
use upload_storage::{SaveError, owned};

/// The most parts that are signed at once.
const BATCH_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignPartsRequest {
    /// 1 to 100 numbers, each once; the first part is 1.
    #[schemars(example = [1, 2])]
    part_numbers: Vec<u32>,
    /// Base64 of the SHA-256 of each part, in the order of the numbers. All batches of an upload have them, or none.
    #[schemars(example = ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="])]
    checksums_sha256: Option<Vec<String>>,
}

/// Parts, to be sent in any order.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SignedParts {
    /// One for each number, in the same order.
    parts: Vec<SignedPart>,
}

/// A part, with the request that the client sends to the store for it.
#[derive(Serialize, JsonSchema)]
struct SignedPart {
    /// The first part is 1.
    #[schemars(example = 1)]
    part_number: u32,
    /// The size that this part must have.
    #[schemars(example = 8_388_608)]
    size_bytes: u64,
    #[serde(flatten)]
    request: SignedView,
}

/// A part that is to be signed.
struct Wanted {
    number: u16,
    size_bytes: u64,
    checksum: Option<Checksum>,
}

pub(crate) fn reference() -> Operation {
    let refusals = [
        Refused::Completed,
        Refused::Cancelled,
        Refused::Expired,
        Refused::NoParts,
        Refused::Mismatched(Mismatch::Size),
        Refused::Mismatched(Mismatch::Checksum),
        Refused::Mismatched(Mismatch::ContentType),
    ];
    Operation::post("/v1/uploads/{id}/parts", sign_parts)
        .named("signParts", "Get URLs for parts")
        .described(
            "Each URL is good for one part: its number, its size and, where it is given, its SHA-256. Repeating the \
            request gives fresh URLs and has no other effect, so it takes no `Idempotency-Key`.",
        )
        .requires(Permission::MediaUpload)
        .answers(Answer::json::<SignedParts>(StatusCode::OK, "The URLs."))
        .refuses(refusals.map(refused))
        .refuses(refusals_of_unfetched())
        .refuses([Problem::not_found(), Invalid::default().into_problem(), SaveError::Overtaken.into()])
}

pub(crate) async fn sign_parts(
    uploads: Uploads,
    uploader: Uploader,
    Path(id): Path<UploadId>,
    Json(request): Json<SignPartsRequest>,
) -> Result<Json<SignedParts>, Problem> {
    let owner = uploader.owner_of(&uploads.context, id).await?;
    for _ in 0..ATTEMPTS_MAX {
        let upload = owned(&uploads.context, id, owner).await?;
        let plan = match upload.open_parts(uploads.context.now()) {
            Ok(plan) => plan,
            Err(closed) => return Err(refuse(&uploads, upload, closed).await),
        };
        let wanted = parse(&request, plan)?;
        let checksummed = request.checksums_sha256.is_some();
        if let Some(multipart) = &upload.multipart {
            if multipart.checksummed != checksummed {
                return Err(other_checksums(multipart.checksummed));
            }
            return sign(&uploads, &upload, multipart, wanted).map(Json);
        }
        begin_parts(&uploads, upload, checksummed).await?;
    }
    Err(SaveError::Overtaken.into())
}

fn sign(
    uploads: &Uploads,
    upload: &Upload,
    multipart: &Multipart,
    wanted: Vec<Wanted>,
) -> Result<SignedParts, Problem> {
    let now = uploads.context.now();
    let expires_at = url_expires_at(upload, now);
    let signed = wanted.into_iter().map(|Wanted { number, size_bytes, checksum }| {
        let body = (size_bytes, checksum.as_ref().map(Checksum::as_str));
        uploads
            .store
            .sign_part(place(upload), (&multipart.id, number), body, now, until(now, expires_at))
            .map(|request| SignedPart {
                part_number: number.into(),
                size_bytes,
                request: SignedView::new(request, expires_at),
            })
            .map_err(|error| unavailable(error.into()))
    });
    Ok(SignedParts { parts: signed.collect::<Result<_, _>>()? })
}

fn parse(request: &SignPartsRequest, plan: PartPlan) -> Result<Vec<Wanted>, Problem> {
    let mut invalid = Invalid::default();
    let numbers = &request.part_numbers;
    let counted = if (1..=BATCH_MAX).contains(&numbers.len()) {
        Ok(())
    } else {
        Err(Reason::new("invalid_length", format!("must have 1 to {BATCH_MAX} numbers")))
    };
    let checksums = request.checksums_sha256.as_deref();
    let paired = if checksums.is_none_or(|checksums| checksums.len() == numbers.len()) {
        Ok(())
    } else {
        Err(Reason::new("invalid_length", "must have one checksum for each part number"))
    };
    if invalid.check("/part_numbers", counted).is_none()
        || invalid.check("/checksums_sha256", paired).is_none()
    {
        return Err(invalid.into_problem());
    }
    let mut seen = HashSet::new();
    let mut wanted = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let fresh = seen.insert(*number);
        let part = invalid.check(&format!("/part_numbers/{index}"), part(plan, *number, fresh));
        let checksum = match checksums.and_then(|checksums| checksums.get(index)) {
            None => Some(None),
            Some(text) => {
                let parsed = Checksum::parse(text).map(Some).map_err(reason);
                invalid.check(&format!("/checksums_sha256/{index}"), parsed)
            }
        };
        if let (Some((number, size_bytes)), Some(checksum)) = (part, checksum) {
            wanted.push(Wanted { number, size_bytes, checksum });
        }
    }
    if wanted.len() == numbers.len() { Ok(wanted) } else { Err(invalid.into_problem()) }
}

fn part(plan: PartPlan, number: u32, fresh: bool) -> Result<(u16, u64), Reason> {
    if !fresh {
        return Err(Reason::new("duplicate", "stands in the list twice"));
    }
    let out_of_range = || Reason::new("out_of_range", format!("must be 1 to {}", plan.count()));
    let size_bytes = plan.size_of(number).ok_or_else(out_of_range)?;
    let number = u16::try_from(number).map_err(|_| out_of_range())?;
    Ok((number, size_bytes))
}

fn other_checksums(required: bool) -> Problem {
    let reason = if required {
        Reason::new("required", "the parts before came with checksums, so all must")
    } else {
        Reason::new("checksum_not_possible", "the parts before came without checksums, so none can have one")
    };
    Invalid::problem_at("/checksums_sha256", reason)
}
