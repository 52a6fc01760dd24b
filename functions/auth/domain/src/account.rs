//! Accounts, and what may become of them.

use crate::{BirthDate, BirthDateTold, Email, GrantedRole};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Role;
use mcsp_ids::UserId;

/// How long a closed account waits for its owner to change their mind. Then it is erased.
pub const REOPENABLE_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub id: UserId,
    /// What they sign in with.
    pub email: Email,
    /// Whether they have proved that the address is theirs.
    pub email_verified: bool,
    /// The address that they want instead, until they have proved that it is theirs.
    pub new_email: Option<Email>,
    /// What they may do.
    pub roles: Vec<Role>,
    /// What they may do beyond that.
    pub custom_roles: Vec<GrantedRole>,
    /// Where their data lives.
    pub region: String,
    /// When they were born, if they have said so.
    pub birth_date: Option<BirthDate>,
    /// Whether they may sign in.
    pub state: State,
    /// 1 when registered, and one more with each change.
    pub version: i64,
    /// When they registered.
    pub created_at: Timestamp,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may.
    Active,
    /// An administrator has taken its use away.
    Suspended {
        /// Since when.
        since: Timestamp,
        /// Since when it is closed beside, where its owner had given it up before.
        closed_since: Option<Timestamp>,
    },
    /// Its owner has given it up, and may want it back for a while.
    Closed {
        /// Since when.
        since: Timestamp,
    },
}

impl State {
    /// The stable name, in rows and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Suspended { .. } => "suspended",
            State::Closed { .. } => "closed",
        }
    }

    /// The state of that name, from a row. Only what is suspended is closed beside.
    pub fn from_name(name: &str, since: Timestamp, closed_since: Option<Timestamp>) -> Option<State> {
        match name {
            "active" => Some(State::Active),
            "suspended" => Some(State::Suspended { since, closed_since }),
            "closed" => Some(State::Closed { since }),
            _ => None,
        }
    }

    /// Since when its owner has given it up, also where it is suspended by now.
    pub const fn closed_since(self) -> Option<Timestamp> {
        match self {
            State::Active => None,
            State::Suspended { closed_since, .. } => closed_since,
            State::Closed { since } => Some(since),
        }
    }
}

/// What a new account is made of.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its new id.
    pub id: UserId,
    /// What its owner will sign in with.
    pub email: Email,
    /// What its owner wants to be.
    pub role: Role,
    /// Where its data is to live.
    pub region: String,
}

/// Why an account may not be signed in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inactive {
    /// By an administrator.
    #[error("the account is suspended")]
    Suspended,
    /// By its owner.
    #[error("the account is closed")]
    Closed,
}

/// The account is not in a state from which this transition leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account that is {from} can't become {to}")]
pub struct TransitionRefused {
    from: &'static str,
    to: &'static str,
}

impl Account {
    /// A new account, whose address is not verified.
    pub fn register(registration: Registration, at: Timestamp) -> Account {
        let Registration { id, email, role, region } = registration;
        Account {
            id,
            email,
            email_verified: false,
            new_email: None,
            roles: vec![role],
            custom_roles: Vec::new(),
            region,
            birth_date: None,
            state: State::Active,
            version: 1,
            created_at: at,
        }
    }

    /// Whose address it is, has been proved.
    pub fn verify(self) -> Account {
        Account { email_verified: true, ..self.changed() }
    }

    /// The password was set anew by whoever reads the mail to its address, which proves the address too. Whoever
    /// wanted another address may have been somebody else; and so may whoever said when they were born, while nobody had
    /// proved the address.
    pub fn recover(self) -> Account {
        let birth_date = self.birth_date.filter(|_| self.email_verified);
        Account { new_email: None, birth_date, ..self.verify() }
    }

    /// The password is another.
    pub fn change_password(self) -> Account {
        self.changed()
    }

    /// It is protected by other factors than before.
    pub fn change_factors(self) -> Account {
        self.changed()
    }

    /// Wants another address, or the present one after all.
    pub fn ask_for_email(self, email: Email) -> Account {
        let new_email = Some(email).filter(|email| *email != self.email);
        Account { new_email, ..self.changed() }
    }

    /// Its owner says when they were born: once, for who could say it anew would be as old as they like.
    pub fn tell_birth_date(self, birth_date: BirthDate) -> Result<Account, BirthDateTold> {
        match self.birth_date {
            None => Ok(Account { birth_date: Some(birth_date), ..self.changed() }),
            Some(told) if told == birth_date => Ok(self),
            Some(_) => Err(BirthDateTold),
        }
    }

    /// Takes the address that it wanted, which has been proved. None where it does not want one any more.
    pub fn take_new_email(self) -> Option<Account> {
        let email = self.new_email.clone()?;
        Some(Account { email, new_email: None, email_verified: true, ..self.changed() })
    }

    /// Whether it is closed, and was so long ago that nobody can take it back. A suspension does not keep it.
    pub fn is_to_be_erased(&self, at: Timestamp) -> bool {
        self.state.closed_since().is_some_and(|since| since + REOPENABLE_FOR <= at)
    }

    /// Whether a session may begin.
    pub fn may_sign_in(&self) -> Result<(), Inactive> {
        match self.state {
            State::Active => Ok(()),
            State::Suspended { .. } => Err(Inactive::Suspended),
            State::Closed { .. } => Err(Inactive::Closed),
        }
    }

    /// Takes its use away: from an active account, or from one that its owner has closed and could reopen. The latter
    /// stays closed beside.
    pub fn suspend(self, at: Timestamp) -> Result<Account, TransitionRefused> {
        match self.state {
            State::Active | State::Closed { .. } => {
                let closed_since = self.state.closed_since();
                Ok(self.moved_to(State::Suspended { since: at, closed_since }))
            }
            State::Suspended { .. } => Err(self.refused("suspended")),
        }
    }

    /// Ends a suspension: it is what it was before.
    pub fn reinstate(self) -> Result<Account, TransitionRefused> {
        match self.state {
            State::Suspended { closed_since: None, .. } => Ok(self.moved_to(State::Active)),
            State::Suspended { closed_since: Some(since), .. } => Ok(self.moved_to(State::Closed { since })),
            State::Active | State::Closed { .. } => Err(self.refused("active")),
        }
    }

    /// Gives it up.
    pub fn close(self, at: Timestamp) -> Result<Account, TransitionRefused> {
        match self.state {
            State::Active => Ok(self.moved_to(State::Closed { since: at })),
            State::Suspended { .. } | State::Closed { .. } => Err(self.refused("closed")),
        }
    }

    /// Takes it back.
    pub fn reopen(self) -> Result<Account, TransitionRefused> {
        match self.state {
            State::Closed { .. } => Ok(self.moved_to(State::Active)),
            State::Active | State::Suspended { .. } => Err(self.refused("active")),
        }
    }

    fn moved_to(self, state: State) -> Account {
        Account { state, ..self.changed() }
    }

    fn changed(self) -> Account {
        Account { version: self.version + 1, ..self }
    }

    fn refused(&self, to: &'static str) -> TransitionRefused {
        TransitionRefused { from: self.state.as_str(), to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn registered() -> Account {
        let registration = Registration {
            id: UserId::from_uuid(uuid::Uuid::nil()),
            email: Email::parse("ada@example.com").unwrap(),
            role: Role::Creator,
            region: "eu".into(),
        };
        Account::register(registration, AT)
    }

    #[test]
    fn a_new_account_is_active_and_unverified() {
        let account = registered();
        assert_eq!((account.state, account.email_verified, account.version), (State::Active, false, 1));
        assert_eq!((account.may_sign_in(), account.roles), (Ok(()), vec![Role::Creator]));
    }

    #[test]
    fn only_an_active_account_may_sign_in() {
        assert_eq!(registered().suspend(AT).unwrap().may_sign_in(), Err(Inactive::Suspended));
        assert_eq!(registered().close(AT).unwrap().may_sign_in(), Err(Inactive::Closed));
    }

    #[test]
    fn a_suspended_account_cannot_be_closed_or_reopened_by_its_owner() {
        let suspended = registered().suspend(AT).unwrap();
        assert!(suspended.clone().close(AT).is_err());
        let refused = suspended.clone().reopen().unwrap_err();
        assert_eq!(refused.to_string(), "an account that is suspended can't become active");
        assert_eq!(suspended.reinstate().unwrap().state, State::Active);
    }

    #[test]
    fn a_closed_account_stays_closed_through_a_suspension() {
        let later = AT + SignedDuration::from_hours(24);
        let suspended = registered().close(AT).unwrap().suspend(later).unwrap();
        assert_eq!(suspended.state, State::Suspended { since: later, closed_since: Some(AT) });
        assert_eq!(suspended.may_sign_in(), Err(Inactive::Suspended));
        assert!(suspended.clone().reopen().is_err());
        let reinstated = suspended.reinstate().unwrap();
        assert_eq!((reinstated.state, reinstated.version), (State::Closed { since: AT }, 4));
        assert_eq!(reinstated.reopen().unwrap().suspend(AT).unwrap().state.closed_since(), None);
    }

    #[test]
    fn a_state_survives_the_way_through_its_name() {
        let suspended = |closed_since| State::Suspended { since: AT, closed_since };
        for state in [State::Active, suspended(None), suspended(Some(AT)), State::Closed { since: AT }] {
            assert_eq!(State::from_name(state.as_str(), AT, state.closed_since()), Some(state));
        }
        assert_eq!(State::from_name("active", AT, Some(AT)), Some(State::Active));
        assert_eq!(State::from_name("erased", AT, None), None);
    }

    #[test]
    fn a_new_address_is_taken_once_and_only_if_it_is_still_wanted() {
        let other = Email::parse("ada@lovelace.example").unwrap();
        let asking = registered().ask_for_email(other.clone());
        assert_eq!((&asking.email, asking.email_verified), (&registered().email, false));
        let taken = asking.clone().take_new_email().unwrap();
        assert_eq!((&taken.email, taken.email_verified, &taken.new_email), (&other, true, &None));
        assert_eq!(taken.version, 3);
        assert_eq!(taken.take_new_email(), None);
        assert_eq!(asking.clone().recover().take_new_email(), None);
        assert_eq!(asking.ask_for_email(registered().email).take_new_email(), None);
    }

    #[test]
    fn a_date_of_birth_is_told_once() {
        let date = |text| BirthDate::kept(text).unwrap();
        let told = registered().tell_birth_date(date("2001-02-03")).unwrap();
        assert_eq!(told.version, 2);
        assert_eq!(told.clone().tell_birth_date(date("2001-02-03")), Ok(told.clone()));
        assert_eq!(told.clone().verify().recover().birth_date, told.birth_date);
        assert_eq!(told.clone().recover().birth_date, None, "by whom, nobody knows");
        assert_eq!(told.tell_birth_date(date("1991-02-03")), Err(BirthDateTold));
    }

    #[test]
    fn a_closed_account_is_erased_when_nobody_can_take_it_back_any_more() {
        let closed = registered().close(AT).unwrap();
        let last_moment = AT + REOPENABLE_FOR - SignedDuration::from_secs(1);
        assert!(!closed.is_to_be_erased(last_moment));
        assert!(closed.is_to_be_erased(AT + REOPENABLE_FOR));
        assert!(!closed.clone().reopen().unwrap().is_to_be_erased(AT + REOPENABLE_FOR));
        let suspended = closed.suspend(last_moment).unwrap();
        assert!(!suspended.is_to_be_erased(last_moment) && suspended.is_to_be_erased(AT + REOPENABLE_FOR));
        assert!(!registered().suspend(AT).unwrap().is_to_be_erased(AT + REOPENABLE_FOR));
    }

    proptest! {
        #[test]
        fn each_transition_changes_the_state_and_adds_one_to_the_version(steps in prop::collection::vec(0..4_u8, 0..20)) {
            let mut account = registered();
            for step in steps {
                let before = account.clone();
                let moved = match step {
                    0 => account.suspend(AT),
                    1 => account.reinstate(),
                    2 => account.close(AT),
                    _ => account.reopen(),
                };
                account = moved.unwrap_or_else(|_| before.clone());
                let changed = account.state != before.state;
                prop_assert_eq!(account.version, before.version + i64::from(changed));
                if step < 2 {
                    prop_assert_eq!(account.state.closed_since(), before.state.closed_since());
                }
                prop_assert_eq!(&account.email, &before.email);
            }
        }
    }
}
