//! The parameters of the protocol's requests.

use std::collections::BTreeMap;

/// Parameters, each at most once. One without a value is as good as none (RFC 6749 section 3.1), and what is
/// not known is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

/// A parameter stands twice: two readers could read two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a parameter is given more than once")]
pub struct Repeated;

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`: a query or a body.
    pub fn parse(encoded: &[u8]) -> Result<Self, Repeated> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Repeated);
            }
        }
        parameters.retain(|_, value| !value.is_empty());
        Ok(Parameters(parameters))
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Takes one of them out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Puts one in, in the place of what it was before.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As they stand in a query.
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

impl FromIterator<(String, String)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Parameters(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_parameter_stands_once_or_not_at_all() {
        let parameters = Parameters::parse(b"a=1&b=&c=x+y%26").unwrap();
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!(parameters.get("b"), None);
        assert_eq!(parameters.get("c"), Some("x y&"));
        assert_eq!(Parameters::parse(b"a=1&a=1"), Err(Repeated));
        assert_eq!(Parameters::parse(b"a=1&%61="), Err(Repeated));
    }

    proptest! {
        #[test]
        fn what_was_read_is_read_again(text in "[a-c=&%+0-9 ä]{0,40}") {
            if let Ok(parameters) = Parameters::parse(text.as_bytes()) {
                prop_assert_eq!(Parameters::parse(parameters.encode().as_bytes()), Ok(parameters));
            }
        }
    }
}
