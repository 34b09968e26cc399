//! Whose rows a request reads.

use uuid::Uuid;

/// Whose rows a request reads: those of the key's own account, or of one profile of an organization.
///
/// All scopes of one key share its rate limit (API reference, "Rate limits"), which is why a scope belongs to each request
/// and not to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Scope {
    profile_id: Option<Uuid>,
}

impl Scope {
    /// The account that the key belongs to; no header is sent.
    pub const ACCOUNT: Self = Self { profile_id: None };

    /// One profile of the organization that the key belongs to, sent as `x-profile-id`.
    pub fn profile(id: Uuid) -> Self {
        Self { profile_id: Some(id) }
    }

    /// The profile, if there is one.
    pub fn profile_id(self) -> Option<Uuid> {
        self.profile_id
    }

    /// The profile that a response names in `X-Profile-Id`, if it is not the requested one.
    ///
    /// A response that names none is accepted, and so is any response to a request without a profile: the API may name the
    /// profile that a key belongs to.
    pub(super) fn mismatch(self, echoed: Option<&str>) -> Option<OtherProfile> {
        let (asked, echoed) = (self.profile_id?, echoed?.trim());
        let answered = Uuid::try_parse(echoed).ok();
        (!echoed.is_empty() && answered != Some(asked)).then_some(OtherProfile { asked, answered })
    }
}

/// A response for another profile than the requested one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("requested profile {asked}, but the response is for {}", answer_name(*answered))]
pub struct OtherProfile {
    /// The requested one.
    pub asked: Uuid,
    /// The one that the response is for; `None` if it is not a UUID.
    pub answered: Option<Uuid>,
}

fn answer_name(answered: Option<Uuid>) -> String {
    answered.map_or_else(|| "something else".to_owned(), |profile| format!("profile {profile}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_response_for_another_profile_is_a_mismatch() {
        let (ours, other) = (Uuid::from_u128(0xab), Uuid::from_u128(2));
        let scope = Scope::profile(ours);
        assert_eq!(scope.mismatch(None), None);
        assert_eq!(scope.mismatch(Some("")), None);
        assert_eq!(scope.mismatch(Some(&ours.to_string())), None);
        assert_eq!(scope.mismatch(Some(&format!(" {} ", ours.to_string().to_uppercase()))), None);
        let mismatch = OtherProfile { asked: ours, answered: Some(other) };
        assert_eq!(scope.mismatch(Some(&other.to_string())), Some(mismatch));
        assert_eq!(scope.mismatch(Some("somebody")), Some(OtherProfile { asked: ours, answered: None }));
        assert_eq!(Scope::ACCOUNT.mismatch(Some(&other.to_string())), None);
    }
}
