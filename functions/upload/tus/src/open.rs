//! Which uploads take bytes here.

use crate::protocol::closed;
use jiff::Timestamp;
use mcsp_problem::Problem;
use upload_domain::{PART_MIN_BYTES, PartPlan, Refused, Upload};

/// The parts of an upload that takes bytes here: it is open, and its parts are no larger than what is held here.
pub fn open(upload: &Upload, now: Timestamp) -> Result<PartPlan, Problem> {
    match upload.open_parts(now) {
        Ok(plan) if plan.part_bytes() == PART_MIN_BYTES => Ok(plan),
        Ok(_) | Err(Refused::NoParts) => Err(Problem::not_found()),
        Err(refused) => Err(closed(refused)),
    }
}
