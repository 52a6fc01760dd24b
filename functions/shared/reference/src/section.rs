//! What one component offers.

use crate::Operation;

/// The operations of one component.
#[derive(Debug)]
pub struct Section {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) operations: Vec<Operation>,
}

impl Section {
    /// A section with a name of its own and a sentence on what it is for.
    pub fn new(
        name: &'static str,
        description: &'static str,
        operations: impl IntoIterator<Item = Operation>,
    ) -> Self {
        Section { name, description, operations: operations.into_iter().collect() }
    }
}
