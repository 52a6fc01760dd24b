//! A pipeline that has passed its checks, in the shape in which it is sent.

use crate::commands::Access;
use crate::config::RedisConfig;
use crate::digests::Digests;
use crate::error::RedisError;
use crate::grant::KeyGrant;
use mcsp_bridge_api::redis::{Operation, Script};
use redis::{Cmd, Pipeline};
use std::sync::Arc;

pub(crate) struct Plan {
    pub steps: Vec<Step>,
    /// Whether all steps are reads, so that the whole may be repeated.
    pub only_reads: bool,
}

pub(crate) enum Step {
    Command(Cmd),
    Script { digest: Arc<str>, script: Script },
}

impl Plan {
    /// Checks everything before anything is sent.
    pub fn new(
        operations: Vec<Operation>,
        grant: &KeyGrant,
        config: &RedisConfig,
        digests: &Digests,
    ) -> Result<Self, RedisError> {
        if operations.len() > config.max_operations {
            return Err(RedisError::Refused("too-many-operations"));
        }
        let bytes: usize = operations.iter().map(size_bytes).sum();
        if bytes > config.max_pipeline_bytes {
            return Err(RedisError::Refused("pipeline-too-large"));
        }
        let mut only_reads = true;
        for operation in &operations {
            only_reads &= grant.check(operation)? == Access::Read;
        }
        Ok(Plan { steps: operations.into_iter().map(|step| Step::new(step, digests)).collect(), only_reads })
    }
}

impl Step {
    fn new(operation: Operation, digests: &Digests) -> Self {
        match operation {
            Operation::Command(words) => {
                let mut command = Cmd::new();
                words.iter().for_each(|word| {
                    command.arg(word.as_slice());
                });
                Step::Command(command)
            }
            Operation::RunScript(script) => Step::Script { digest: digests.of(&script.source), script },
        }
    }

    /// Adds the step to a pipeline; a script by its source, unless `is_known` says that Redis has it.
    pub fn add_to(&self, pipeline: &mut Pipeline, is_known: impl Fn(&str) -> bool) {
        match self {
            Step::Command(command) => pipeline.add_command(command.clone()),
            Step::Script { digest, script } if is_known(digest) => {
                pipeline.add_command(run(script, "EVALSHA", digest))
            }
            Step::Script { script, .. } => pipeline.add_command(run(script, "EVAL", &script.source)),
        };
    }

    /// The digest, where the step is a script.
    pub fn digest(&self) -> Option<&str> {
        match self {
            Step::Command(_) => None,
            Step::Script { digest, .. } => Some(digest),
        }
    }
}

fn run(script: &Script, verb: &str, body: &str) -> Cmd {
    let mut command = redis::cmd(verb);
    command.arg(body).arg(script.keys.len());
    script.keys.iter().for_each(|key| {
        command.arg(key);
    });
    script.arguments.iter().for_each(|argument| {
        command.arg(argument.as_slice());
    });
    command
}

fn size_bytes(operation: &Operation) -> usize {
    match operation {
        Operation::Command(words) => words.iter().map(Vec::len).sum(),
        Operation::RunScript(script) => {
            let keys: usize = script.keys.iter().map(String::len).sum();
            let arguments: usize = script.arguments.iter().map(Vec::len).sum();
            script.source.len() + keys + arguments
        }
    }
}
