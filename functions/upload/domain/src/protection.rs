//! Whether players need a key for what becomes of a file.

/// How what becomes of a file is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protection {
    /// It is not.
    #[default]
    None,
    /// By common encryption (ISO/IEC 23001-7): its segments are encrypted, and players get the keys with a licence.
    Cenc,
}

impl Protection {
    const ALL: [Protection; 2] = [Protection::None, Protection::Cenc];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Protection::None => "none",
            Protection::Cenc => "cenc",
        }
    }

    /// The protection of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protection| protection.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Protection;

    #[test]
    fn each_is_found_by_its_name() {
        for protection in Protection::ALL {
            assert_eq!(Protection::named(protection.as_str()), Some(protection));
        }
        assert_eq!(Protection::named("rot13"), None);
    }
}
