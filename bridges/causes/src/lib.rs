//! An error with its causes, in one line, for logs: an error's own text never repeats its source's.

use std::error::Error;

/// The error, then each of its causes, with colons between.
#[must_use]
pub fn in_one_line(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as &dyn Error)
        }
    }

    #[test]
    fn every_cause_is_told_once_and_in_order() {
        let alone = Layer("cannot connect", None);
        assert_eq!(in_one_line(&alone), "cannot connect");
        let deep = Layer(
            "no answer",
            Some(Box::new(Layer("cannot connect", Some(Box::new(Layer("refused", None)))))),
        );
        assert_eq!(in_one_line(&deep), "no answer: cannot connect: refused");
    }
}
