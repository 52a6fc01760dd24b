//! On what terms a video may be used.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What others may do with a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Licence {
    /// Watch it here.
    Standard,
    /// Creative Commons Attribution 4.0.
    CcBy,
    /// Creative Commons Attribution-ShareAlike 4.0.
    CcBySa,
    /// Creative Commons Attribution-NoDerivatives 4.0.
    CcByNd,
    /// Creative Commons Attribution-NonCommercial 4.0.
    CcByNc,
    /// Creative Commons Attribution-NonCommercial-ShareAlike 4.0.
    CcByNcSa,
    /// Creative Commons Attribution-NonCommercial-NoDerivatives 4.0.
    CcByNcNd,
    /// In the public domain.
    Cc0,
}

impl Licence {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Licence::Standard => "standard",
            Licence::CcBy => "cc-by",
            Licence::CcBySa => "cc-by-sa",
            Licence::CcByNd => "cc-by-nd",
            Licence::CcByNc => "cc-by-nc",
            Licence::CcByNcSa => "cc-by-nc-sa",
            Licence::CcByNcNd => "cc-by-nc-nd",
            Licence::Cc0 => "cc0",
        }
    }

    /// The licence of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        use Licence::*;
        let all = [Standard, CcBy, CcBySa, CcByNd, CcByNc, CcByNcSa, CcByNcNd, Cc0];
        all.into_iter().find(|licence| licence.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_has_one_name_in_rows_and_in_json() {
        for name in
            ["standard", "cc-by", "cc-by-sa", "cc-by-nd", "cc-by-nc", "cc-by-nc-sa", "cc-by-nc-nd", "cc0"]
        {
            let licence = Licence::from_name(name).unwrap();
            assert_eq!(serde_json::to_value(licence).unwrap(), name);
        }
        assert_eq!(Licence::from_name("gpl"), None);
    }
}
