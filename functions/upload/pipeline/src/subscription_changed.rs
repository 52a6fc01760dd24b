//! `mcsp.subscription.*.v1`: what an account's plan has for uploads.

use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_problem::Problem;
use subscription_contract::SubscriptionChanged;
use upload_domain::UploadPlan;
use upload_storage::keep_plan;

/// An account that is entitled to nothing has a plan that says nothing.
const NOTHING: UploadPlan = UploadPlan { bytes: None, open_uploads: None, until: None };

pub(crate) async fn apply(context: &Context, received: &Received) -> Result<Applied, Problem> {
    let SubscriptionChanged { user_id, version, entitlements, .. } = received.data()?;
    let plan = entitlements.map_or(NOTHING, |entitlements| UploadPlan {
        bytes: entitlements.upload_bytes,
        open_uploads: entitlements.open_uploads,
        until: entitlements.until,
    });
    Ok(received.apply(context, vec![keep_plan(user_id, version, plan)], Vec::new()).await?)
}
