//! Whom an owner means a video for, and where, as it was sent: checked in one way.

use content_domain::{
    DraftVisibility, InvalidPlanLevel, InvalidText, PlanLevel, Region, Regions, Visibility,
};
use mcsp_problem::{Invalid, Reason};

/// Regions of one list: more than there are countries (ISO 3166-1).
pub const REGIONS_MAX: usize = 250;

/// Whom a video is meant for, where that is said and can be taken; what can't is noted at its field.
pub fn meant(
    visibility: Option<DraftVisibility>,
    minimum_plan_level: Option<u32>,
    invalid: &mut Invalid,
) -> Option<Visibility> {
    const PLAN_LEVEL: &str = "/minimum_plan_level";
    let is_for_subscribers = visibility == Some(DraftVisibility::Subscribers);
    if minimum_plan_level.is_some() && !is_for_subscribers {
        let detail = "must be left out where the visibility is not `subscribers`";
        invalid.check::<()>(PLAN_LEVEL, Err(Reason::new("not_for_this_visibility", detail)));
        return None;
    }
    let level = minimum_plan_level.map_or(Ok(PlanLevel::LOWEST), PlanLevel::new);
    let out_of_range = |error: InvalidPlanLevel| Reason::new("out_of_range", error.to_string());
    let level = invalid.check(PLAN_LEVEL, level.map_err(out_of_range))?;
    visibility.map(|visibility| visibility.at_level(level))
}

/// Where a video is meant to be shown, of two lists that stand below this pointer. What can't be taken is noted there.
pub fn regions(below: &str, (allow, deny): (&[String], &[String]), invalid: &mut Invalid) -> Regions {
    let allow = list(&format!("{below}/allow"), allow, invalid, |_| Ok(()));
    let once = |region: &Region| if allow.contains(region) { Err(contradiction()) } else { Ok(()) };
    let deny = list(&format!("{below}/deny"), deny, invalid, once);
    Regions::new(allow, deny)
}

/// Those that can be taken. Too many are one error, not one for each.
fn list(
    pointer: &str,
    texts: &[String],
    invalid: &mut Invalid,
    check: impl Fn(&Region) -> Result<(), Reason>,
) -> Vec<Region> {
    if texts.len() > REGIONS_MAX {
        let error = InvalidText::TooMany { max: REGIONS_MAX };
        invalid.check::<()>(pointer, Err(Reason::new(error.code(), error.to_string())));
        return Vec::new();
    }
    let parse = |text: &String| {
        let region =
            Region::parse(text).map_err(|error| Reason::new("invalid_region", format!("is {error}")))?;
        check(&region).map(|()| region)
    };
    let parsed = texts.iter().enumerate();
    parsed.filter_map(|(n, text)| invalid.check(&format!("{pointer}/{n}"), parse(text))).collect()
}

/// One of the two is not meant.
fn contradiction() -> Reason {
    Reason::new("contradiction", "must not be in `allow` too")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_said_for_subscribers_alone_and_is_the_lowest_where_it_is_not() {
        use DraftVisibility::*;
        let level = |level| Some(Visibility::Subscribers(PlanLevel::new(level).unwrap()));
        for (visibility, minimum_plan_level, expected) in [
            (None, None, Ok(None)),
            (Some(Private), None, Ok(Some(Visibility::Private))),
            (Some(Subscribers), None, Ok(level(1))),
            (Some(Subscribers), Some(7), Ok(level(7))),
            (Some(Subscribers), Some(0), Err("out_of_range")),
            (Some(Public), Some(1), Err("not_for_this_visibility")),
            (None, Some(1), Err("not_for_this_visibility")),
        ] {
            let mut invalid = Invalid::default();
            let found = meant(visibility, minimum_plan_level, &mut invalid);
            let found = invalid.into_result(found).map_err(|problem| problem.errors()[0].code);
            assert_eq!(found, expected, "{visibility:?} {minimum_plan_level:?}");
        }
    }
}
