//! Licences: by which systems players get the keys of protected videos, and on which terms.

/// A system by which browsers and devices keep keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySystem {
    /// Google's.
    Widevine,
    /// Apple's.
    FairPlay,
    /// Microsoft's.
    PlayReady,
    /// The one that every browser has (W3C EME, 9.1): keys are given in the clear.
    ClearKey,
}

impl KeySystem {
    /// All of them.
    pub const ALL: [KeySystem; 4] =
        [KeySystem::Widevine, KeySystem::FairPlay, KeySystem::PlayReady, KeySystem::ClearKey];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            KeySystem::Widevine => "widevine",
            KeySystem::FairPlay => "fairplay",
            KeySystem::PlayReady => "playready",
            KeySystem::ClearKey => "clearkey",
        }
    }

    /// The system of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.as_str() == name)
    }

    /// Whether it can hold a player to these terms. ClearKey keeps nothing from the page that plays, and knows no time at which a key
    /// is over.
    pub fn enforces(self, terms: Terms) -> bool {
        match self {
            KeySystem::Widevine | KeySystem::FairPlay | KeySystem::PlayReady => true,
            KeySystem::ClearKey => terms == Terms::OPEN,
        }
    }
}

/// How well keys must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Robustness {
    /// By any program.
    Software,
    /// By hardware that no program can look into.
    Hardware,
}

impl Robustness {
    const ALL: [Robustness; 2] = [Robustness::Software, Robustness::Hardware];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Robustness::Software => "software",
            Robustness::Hardware => "hardware",
        }
    }

    /// The robustness of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|robustness| robustness.as_str() == name)
    }
}

/// Where the picture may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Anywhere.
    Any,
    /// On screens that are connected by HDCP 1 or later.
    Hdcp1,
    /// On screens that are connected by HDCP 2.2 or later.
    Hdcp22,
}

impl Output {
    const ALL: [Output; 3] = [Output::Any, Output::Hdcp1, Output::Hdcp22];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Output::Any => "any",
            Output::Hdcp1 => "hdcp_1",
            Output::Hdcp22 => "hdcp_2_2",
        }
    }

    /// The output of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|output| output.as_str() == name)
    }
}

/// The terms on which keys are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How well they must be kept.
    pub robustness: Robustness,
    /// Where the picture may be shown.
    pub output: Output,
    /// Whether they may be kept, until a time, to play without a network.
    pub kept: bool,
}

impl Terms {
    /// Those that ask for nothing.
    pub const OPEN: Terms = Terms { robustness: Robustness::Software, output: Output::Any, kept: false };

    /// The terms of these names, for keys that are not kept.
    pub fn named(robustness: &str, output: &str) -> Option<Self> {
        let (robustness, output) = (Robustness::named(robustness)?, Output::named(output)?);
        Some(Terms { robustness, output, kept: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_name_is_found_by_it() {
        for system in KeySystem::ALL {
            assert_eq!(KeySystem::named(system.as_str()), Some(system));
        }
        for (robustness, output) in
            Robustness::ALL.into_iter().flat_map(|robustness| Output::ALL.map(|output| (robustness, output)))
        {
            let terms = Terms { robustness, output, kept: false };
            assert_eq!(Terms::named(robustness.as_str(), output.as_str()), Some(terms));
        }
        assert_eq!(KeySystem::named("primetime"), None);
        assert_eq!(Terms::named("software", "hdcp_9"), None);
    }

    #[test]
    fn clear_keys_are_for_open_terms_alone() {
        let strict = [
            Terms { robustness: Robustness::Hardware, ..Terms::OPEN },
            Terms { output: Output::Hdcp1, ..Terms::OPEN },
            Terms { kept: true, ..Terms::OPEN },
        ];
        assert!(KeySystem::ALL.into_iter().all(|system| system.enforces(Terms::OPEN)));
        for terms in strict {
            assert!(!KeySystem::ClearKey.enforces(terms) && KeySystem::Widevine.enforces(terms), "{terms:?}");
        }
    }
}
