//! Where a video is admitted.

use crate::Region;

/// Where a video is admitted: in the allowed regions, or everywhere where none is named, and never in a
/// denied one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    /// Only here, unless empty.
    pub allow: Vec<Region>,
    /// Not here.
    pub deny: Vec<Region>,
}

impl Regions {
    /// Each once, by name: what was said in another order is the same.
    pub fn new(mut allow: Vec<Region>, mut deny: Vec<Region>) -> Self {
        for list in [&mut allow, &mut deny] {
            list.sort_unstable();
            list.dedup();
        }
        Regions { allow, deny }
    }

    /// Whether the video is admitted there.
    pub fn admit(&self, region: &Region) -> bool {
        (self.allow.is_empty() || self.allow.contains(region)) && !self.deny.contains(region)
    }

    /// Whether it is admitted wherever one may be: nothing less will do where that is not known.
    pub fn admit_everywhere(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(allow: &[&str], deny: &[&str]) -> Regions {
        let parse = |names: &[&str]| names.iter().map(|name| Region::parse(name).unwrap()).collect();
        Regions::new(parse(allow), parse(deny))
    }

    #[test]
    fn what_is_said_again_or_in_another_order_is_the_same() {
        assert_eq!(regions(&["us", "eu"], &["ap", "AP"]), regions(&["EU", "us", "eu"], &["ap"]));
        assert_ne!(regions(&["eu"], &[]), regions(&[], &["eu"]));
    }

    #[test]
    fn a_denied_region_is_denied_even_if_it_is_allowed() {
        let eu = Region::parse("eu").unwrap();
        for (allow, deny, here, everywhere) in [
            (&[][..], &[][..], true, true),
            (&["eu"], &[], true, false),
            (&["us"], &[], false, false),
            (&[], &["us"], true, false),
            (&[], &["eu"], false, false),
            (&["us", "eu"], &["ap"], true, false),
            (&["eu"], &["eu"], false, false),
        ] {
            let regions = regions(allow, deny);
            assert_eq!((regions.admit(&eu), regions.admit_everywhere()), (here, everywhere), "{regions:?}");
        }
    }
}
