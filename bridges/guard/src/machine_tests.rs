use super::*;
use crate::policy::{Percent, SlidingWindow};
use proptest::prelude::*;
use std::num::NonZeroU32;

const GOOD: Option<Sample> = Some(Sample { failed: false, slow: false });
const BAD: Option<Sample> = Some(Sample { failed: true, slow: false });
const SLOW: Option<Sample> = Some(Sample { failed: false, slow: true });

fn n(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap()
}

fn percent(value: u8) -> Percent {
    Percent::try_from(value).unwrap()
}

fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// Opens at 2 of 4 calls; 3 probes.
fn small() -> BreakerPolicy {
    BreakerPolicy {
        sliding_window: SlidingWindow::Calls(n(4)),
        minimum_calls: n(4),
        permitted_calls_in_half_open: n(3),
        wait_duration_in_open_ms: 1_000,
        ..BreakerPolicy::RESILIENCE4J
    }
}

fn run(machine: &mut Machine, now: Duration, samples: &[Option<Sample>]) {
    for sample in samples {
        let ticket = machine.admit(now).unwrap();
        machine.settle(now, ticket, *sample);
    }
}

fn opened(policy: BreakerPolicy) -> Machine {
    let mut machine = Machine::new(policy);
    run(&mut machine, ms(0), &[BAD; 4]);
    assert_eq!(machine.state(), State::Open);
    machine
}

#[test]
fn the_rates_and_the_minimum_decide_when_it_opens() {
    let by_time = BreakerPolicy { sliding_window: SlidingWindow::Seconds(n(10)), ..small() };
    let all_slow = BreakerPolicy { failure_rate_threshold_percent: percent(100), ..small() };
    let half_slow = BreakerPolicy { slow_call_rate_threshold_percent: percent(50), ..all_slow };
    let minimum_over_window = BreakerPolicy { minimum_calls: n(100), ..small() };
    let cases: [(&str, BreakerPolicy, &[Option<Sample>], State); 12] = [
        ("all good", small(), &[GOOD; 10], State::Closed),
        ("one failure below the threshold", small(), &[GOOD, GOOD, GOOD, BAD], State::Closed),
        ("the next one reaches it", small(), &[GOOD, GOOD, BAD, BAD], State::Open),
        ("fewer calls than the minimum", small(), &[BAD, BAD, BAD], State::Closed),
        ("the minimum, all bad", small(), &[BAD, BAD, BAD, BAD], State::Open),
        ("ignored calls do not count", small(), &[BAD, BAD, BAD, None, None], State::Closed),
        (
            "old failures leave the window",
            small(),
            &[GOOD, GOOD, GOOD, BAD, GOOD, GOOD, GOOD, BAD],
            State::Closed,
        ),
        ("a minimum above the window is the window", minimum_over_window, &[BAD; 4], State::Open),
        ("three of four slow, below 100 %", all_slow, &[SLOW, SLOW, SLOW, GOOD], State::Closed),
        ("all slow", all_slow, &[SLOW; 4], State::Open),
        ("half slow, at 50 %", half_slow, &[SLOW, GOOD, SLOW, GOOD], State::Open),
        ("by time", by_time, &[GOOD, GOOD, BAD, BAD], State::Open),
    ];
    for (name, policy, samples, expected) in cases {
        let mut machine = Machine::new(policy);
        run(&mut machine, ms(0), samples);
        assert_eq!(machine.state(), expected, "{name}");
    }
}

#[test]
fn failures_older_than_the_time_window_do_not_open() {
    let policy = BreakerPolicy { sliding_window: SlidingWindow::Seconds(n(10)), ..small() };
    let mut machine = Machine::new(policy);
    run(&mut machine, ms(0), &[BAD; 3]);
    run(&mut machine, ms(10_000), &[BAD; 3]);
    assert_eq!(machine.state(), State::Closed);
    run(&mut machine, ms(10_500), &[BAD]);
    assert_eq!(machine.state(), State::Open);
}

#[test]
fn open_refuses_until_its_time_has_passed_and_says_how_long() {
    let mut machine = opened(small());
    assert_eq!(machine.admit(ms(0)), Err(ms(1_000)));
    assert_eq!(machine.admit(ms(999)), Err(ms(1)));
    assert_eq!(machine.state(), State::Open);
    assert!(machine.admit(ms(1_000)).is_ok());
    assert_eq!(machine.state(), State::HalfOpen);
}

#[test]
fn half_open_lets_exactly_the_permitted_probes_through() {
    let mut machine = opened(small());
    let probes: Vec<_> = (0..100).filter_map(|_| machine.admit(ms(1_000)).ok()).collect();
    assert_eq!(probes.len(), 3);
    // A finished probe frees no place: the three decide.
    machine.settle(ms(1_001), probes[0], GOOD);
    assert!(machine.admit(ms(1_001)).is_err());
}

#[test]
fn the_probes_decide_between_open_and_closed() {
    for (samples, expected) in [
        ([GOOD, GOOD, GOOD], State::Closed),
        ([BAD, GOOD, GOOD], State::Closed),
        ([BAD, GOOD, BAD], State::Open),
        ([SLOW, SLOW, SLOW], State::Open),
    ] {
        let mut machine = opened(small());
        run(&mut machine, ms(1_000), &samples);
        assert_eq!(machine.state(), expected, "{samples:?}");
    }
}

#[test]
fn a_probe_that_is_dropped_gives_its_permit_back_a_thousand_times() {
    let mut machine = opened(small());
    for _ in 0..1_000 {
        let probes: Vec<_> = (0..4).filter_map(|_| machine.admit(ms(1_000)).ok()).collect();
        assert_eq!(probes.len(), 3);
        probes.into_iter().for_each(|ticket| machine.settle(ms(1_000), ticket, None));
    }
    assert_eq!(machine.state(), State::HalfOpen);
}

#[test]
fn a_call_of_an_earlier_phase_decides_nothing() {
    let mut machine = Machine::new(small());
    let old = machine.admit(ms(0)).unwrap();
    run(&mut machine, ms(0), &[BAD; 4]);
    let probe = machine.admit(ms(1_000)).unwrap();
    for _ in 0..10 {
        machine.settle(ms(1_000), old, BAD);
    }
    assert_eq!(machine.state(), State::HalfOpen);
    machine.settle(ms(1_000), probe, GOOD);
    assert_eq!(machine.tally(ms(1_000)), Tally { calls: 1, failures: 0, slow: 0 });
}

#[test]
fn half_open_gives_up_after_its_longest_wait() {
    let policy = BreakerPolicy { max_wait_duration_in_half_open_ms: 500, ..small() };
    let mut machine = opened(policy);
    let stuck = machine.admit(ms(1_000)).unwrap();
    assert!(machine.admit(ms(1_499)).is_ok());
    assert_eq!(machine.admit(ms(1_500)), Err(ms(1_000)));
    assert_eq!(machine.state(), State::Open);
    machine.settle(ms(1_600), stuck, GOOD);
    assert_eq!(machine.state(), State::Open);
}

#[test]
fn half_open_gives_up_also_while_all_probes_are_out() {
    let policy = BreakerPolicy { max_wait_duration_in_half_open_ms: 500, ..small() };
    let mut machine = opened(policy);
    for _ in 0..3 {
        machine.admit(ms(1_000)).unwrap();
    }
    assert_eq!(machine.check(ms(1_499)), Some(PROBE_RETRY_AFTER));
    assert_eq!(machine.check(ms(1_500)), Some(ms(1_000)));
    assert_eq!(machine.state(), State::Open);
    assert_eq!(machine.check(ms(2_500)), None);
    assert!(machine.admit(ms(2_500)).is_ok());
}

#[test]
fn a_reload_keeps_the_window() {
    let mut machine = Machine::new(BreakerPolicy { minimum_calls: n(100), ..BreakerPolicy::RESILIENCE4J });
    run(&mut machine, ms(0), &[BAD; 9]);
    machine.reload(ms(0), BreakerPolicy { minimum_calls: n(10), ..BreakerPolicy::RESILIENCE4J });
    assert_eq!(machine.state(), State::Closed);
    run(&mut machine, ms(0), &[BAD]);
    assert_eq!(machine.state(), State::Open);
}

#[test]
fn a_reload_while_open_keeps_the_state_and_moves_its_end() {
    let mut machine = opened(small());
    machine.reload(ms(100), BreakerPolicy { wait_duration_in_open_ms: 200, ..small() });
    assert_eq!(machine.state(), State::Open);
    assert_eq!(machine.admit(ms(199)), Err(ms(1)));
    assert!(machine.admit(ms(200)).is_ok());
}

#[test]
fn a_reload_while_half_open_keeps_the_probes() {
    let mut machine = opened(small());
    let probes: Vec<_> = (0..3).map(|_| machine.admit(ms(1_000)).unwrap()).collect();
    machine.settle(ms(1_000), probes[0], GOOD);
    machine.reload(ms(1_000), BreakerPolicy { permitted_calls_in_half_open: n(4), ..small() });
    assert_eq!(machine.state(), State::HalfOpen);
    assert!(machine.admit(ms(1_000)).is_ok());
    assert!(machine.admit(ms(1_000)).is_err());
    machine.reload(ms(1_000), BreakerPolicy { permitted_calls_in_half_open: n(1), ..small() });
    assert_eq!(machine.state(), State::Closed);
}

#[test]
fn a_reset_closes_with_an_empty_window() {
    let mut machine = opened(small());
    machine.reset();
    assert_eq!(machine.state(), State::Closed);
    assert_eq!(machine.tally(ms(0)), Tally::default());
}

#[derive(Clone, Debug)]
enum Step {
    Admit,
    Settle { call: usize, sample: Option<Sample> },
    Advance { by_ms: u64 },
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    let sample = prop_oneof![
        3 => any::<(bool, bool)>().prop_map(|(failed, slow)| Some(Sample { failed, slow })),
        1 => Just(None),
    ];
    prop_oneof![
        6 => Just(Step::Admit),
        6 => (0..8_usize, sample).prop_map(|(call, sample)| Step::Settle { call, sample }),
        2 => (0..1_500_u64).prop_map(|by_ms| Step::Advance { by_ms }),
        1 => Just(Step::Reset),
    ]
}

/// What the machine must do, told with whole histories instead of counters and epochs.
#[derive(Debug)]
struct Model {
    state: State,
    since: Duration,
    /// Calls admitted in the present state and still in flight, by number.
    in_flight: Vec<u64>,
    finished: Vec<Sample>,
}

impl Model {
    fn enter(&mut self, state: State, now: Duration) {
        *self = Model { state, since: now, in_flight: Vec::new(), finished: Vec::new() };
    }

    fn admit(&mut self, now: Duration, call: u64) -> bool {
        if self.state == State::Open && now >= self.since + ms(1_000) {
            self.enter(State::HalfOpen, now);
        }
        let admitted = match self.state {
            State::Closed => true,
            State::Open => false,
            State::HalfOpen => self.in_flight.len() + self.finished.len() < 3,
        };
        if admitted {
            self.in_flight.push(call);
        }
        admitted
    }

    fn settle(&mut self, now: Duration, call: u64, sample: Option<Sample>) {
        let Some(place) = self.in_flight.iter().position(|c| *c == call) else { return };
        self.in_flight.remove(place);
        self.finished.extend(sample);
        let decisive = if self.state == State::Closed { 4 } else { 3 };
        let recent = &self.finished[self.finished.len().saturating_sub(decisive)..];
        if sample.is_none() || recent.len() < decisive {
            return;
        }
        let half_failed = recent.iter().filter(|s| s.failed).count() * 2 >= decisive;
        if half_failed || recent.iter().all(|s| s.slow) {
            self.enter(State::Open, now);
        } else if self.state == State::HalfOpen {
            self.enter(State::Closed, now);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_does_what_the_model_does(steps in prop::collection::vec(step(), 0..120)) {
        let mut machine = Machine::new(small());
        let mut model =
            Model { state: State::Closed, since: ms(0), in_flight: Vec::new(), finished: Vec::new() };
        let mut now = ms(0);
        let mut calls: Vec<(u64, Ticket)> = Vec::new();
        for (number, step) in (0_u64..).zip(steps) {
            match step {
                Step::Admit => {
                    let ticket = machine.admit(now);
                    prop_assert_eq!(ticket.is_ok(), model.admit(now, number));
                    calls.extend(ticket.map(|ticket| (number, ticket)));
                }
                Step::Settle { call, sample } if call < calls.len() => {
                    let (number, ticket) = calls.swap_remove(call);
                    machine.settle(now, ticket, sample);
                    model.settle(now, number, sample);
                }
                Step::Settle { .. } => {}
                Step::Advance { by_ms } => now += ms(by_ms),
                Step::Reset => {
                    machine.reset();
                    model.enter(State::Closed, now);
                }
            }
            prop_assert_eq!(machine.state(), model.state);
        }
    }
}
