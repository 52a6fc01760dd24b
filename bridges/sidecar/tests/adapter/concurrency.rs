//! Calls at the same time.

use crate::stage::Stage;
use crate::target::gate;
use futures::future::join_all;

/// No more than one instance serves at once.
const CALLS: usize = 8;

#[tokio::test]
async fn calls_of_one_instance_overlap() {
    let stage = Stage::start().await;
    let probe = stage.probe();
    let passing = async {
        for _ in 0..CALLS {
            stage.target.entered().await;
        }
        (0..CALLS).for_each(|_| stage.target.let_pass());
    };
    let (answers, ()) = tokio::join!(join_all((0..CALLS).map(|_| probe.call(gate()))), passing);
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.body == b"passed")));
}
