//! Builds the response: that of an endpoint, or the one that a fault causes.
//!
//! [`SimulatorState::decide`] calls this once it knows which of the two applies. This module finds the account's contacts and
//! messages, or those of the replica that responds.
//!
//! *Easy to get wrong:* a fault that corrupts a response still needs the correct one, for instance to send half of it.

use std::time::Duration;

use super::super::accounts::AccountNumber;
use super::super::endpoints::{self, OpenBooks, PageRequest};
use super::super::error_code::ErrorCode;
use super::super::fault::FaultKind;
use super::super::reply::{PreparedReply, Refusal};
use super::super::request::{ListQuery, Route};
use super::super::service::CachedTotals;
use super::super::settings::OverCap;
use super::{Case, REDIRECT_TARGET, ResponseDelivery, SimulatorState};

impl SimulatorState {
    /// The endpoint's response.
    pub(super) fn answer(&mut self, case: &Case) -> PreparedReply {
        let mut reply = self.endpoint(case).unwrap_or_else(|problem| case.meta.failure(&problem));
        add_api_headers(&mut reply, case);
        if let Ok(caller) = case.caller
            && reply.status == 200
            && let Some(profile) = case.asked.header("x-profile-id")
            && caller == AccountNumber::ORGANIZATION
        {
            reply.set_header("x-profile-id", profile);
        }
        if self.settings.gzip && case.asked.accepts_gzip() {
            reply.compress();
        }
        reply
    }

    fn endpoint(&mut self, case: &Case) -> Result<PreparedReply, Refusal> {
        let caller = case.caller?;
        let scope = self.scope(caller, case)?;
        if !case.asked.is_get {
            return Err(ErrorCode::NO_SUCH_PATH.into());
        }
        match &case.route {
            Route::Me => return Ok(endpoints::me(&self.accounts, scope, &case.meta)),
            Route::Profiles => return endpoints::profiles(&self.accounts, scope, &case.meta),
            Route::SenderProfiles => {
                let query = self.query(case)?;
                let page = page(case, &query, scope, &mut self.counts);
                return endpoints::sender_profiles(&self.accounts, scope, page);
            }
            Route::Nowhere => return Err(ErrorCode::NO_SUCH_PATH.into()),
            _ => {}
        }
        let query = if case.route.is_list() { Some(self.query(case)?) } else { None };
        let place = self.accounts.books(scope);
        let is_followed = place.holder == AccountNumber::ORGANIZATION;
        let replica = if is_followed { self.replicas.pick(case.number) } else { None };
        let lag = replica.map_or(Duration::ZERO, |number| self.replicas.lag(number));
        let account = self.accounts.account_mut(place.holder);
        let moment = account.mailbox.moment(lag);
        let world = match replica {
            Some(number) => self.replicas.world(number, case.asked.arrived),
            None => &mut account.world,
        };
        let mut books = OpenBooks { world, mailbox: &mut account.mailbox, owner: place.owner, moment };
        if let Some(query) = &query {
            let page = page(case, query, scope, &mut self.counts);
            return match &case.route {
                Route::Contacts => endpoints::contacts(&mut books, page),
                Route::Conversations => Ok(endpoints::conversations(&mut books, page)),
                _ => Ok(endpoints::templates(&books, page)),
            };
        }
        match &case.route {
            Route::Contact(id) => endpoints::contact(&books, id, &case.meta),
            Route::MessageSummary(id) => endpoints::message_summary(&books, id, &case.meta),
            Route::Message(id) => endpoints::message(&books, id, &case.meta),
            Route::Activities(id) => endpoints::activities(&books, id, &case.meta),
            _ => Err(ErrorCode::NO_SUCH_PATH.into()),
        }
    }

    /// The account that is read. Newer endpoints use another code for an unknown profile, and one does not accept a profile.
    fn scope(&self, caller: AccountNumber, case: &Case) -> Result<AccountNumber, Refusal> {
        if case.route == Route::SenderProfiles && case.asked.header("x-profile-id").is_some() {
            let text = "'x-profile-id' is not accepted by this endpoint.";
            return Err(Refusal::with_field(ErrorCode::VALIDATION_001, "x-profile-id", text));
        }
        let is_newer =
            matches!(case.route, Route::Conversations | Route::Message(_) | Route::Activities(_) | Route::Templates);
        self.accounts.scope(caller, case.asked).map_err(|problem| {
            if is_newer && problem.code == ErrorCode::RESOURCE_004 { ErrorCode::RESOURCE_014.into() } else { problem }
        })
    }

    /// The query of a list. Lists other than contacts refuse a page size that is too large in one of the two documented forms.
    pub(super) fn query(&self, case: &Case) -> Result<ListQuery, Refusal> {
        if case.route == Route::Contacts {
            return ListQuery::of_contacts(case.asked, case.page_cap, self.settings.over_cap);
        }
        let form = if case.route == Route::Conversations { OverCap::Details } else { OverCap::Message };
        ListQuery::of_others(case.asked, case.page_cap, self.settings.other_over_cap.unwrap_or(form))
    }

    pub(super) fn count_answer(&mut self, reply: &PreparedReply) {
        if reply.status == 200 {
            self.statistics.answered_ok += 1;
        } else {
            self.statistics.refused += 1;
        }
    }

    /// The response that a fault produces.
    pub(super) fn apply_fault(&mut self, fault: FaultKind, case: &Case) -> ResponseDelivery {
        let mut reply = match fault {
            FaultKind::Error(ErrorCode::BUSINESS_002) => {
                return ResponseDelivery::Whole(self.too_many_requests(case, 1));
            }
            FaultKind::Error(code) => case.meta.failure(&code.into()),
            FaultKind::ErrorInside200(code) => PreparedReply { status: 200, ..case.meta.failure(&code.into()) },
            FaultKind::TooManyRequests(seconds) => {
                return ResponseDelivery::Whole(self.too_many_requests(case, seconds));
            }
            FaultKind::MissingData => case.meta.without_data(),
            FaultKind::NullData => case.meta.success(0, |json| json.raw("null")),
            FaultKind::NotJson => {
                let mut reply = self.answer(case);
                reply.body.truncate(reply.body.len() / 2);
                reply
            }
            FaultKind::EmptyBody => PreparedReply::new(200, "application/json; charset=utf-8", Vec::new()),
            FaultKind::Status(status) => return ResponseDelivery::Whole(PreparedReply::bare(status)),
            FaultKind::EmptyStatus(status) => return ResponseDelivery::Whole(PreparedReply::empty(status)),
            FaultKind::Html(status) => return ResponseDelivery::Whole(PreparedReply::html(status)),
            FaultKind::Redirect(target) => {
                let mut reply = PreparedReply::bare(302);
                reply.set_header("location", target.as_deref().unwrap_or(REDIRECT_TARGET));
                return ResponseDelivery::Whole(reply);
            }
            FaultKind::CutOff => return ResponseDelivery::CutOff(self.answer(case)),
            FaultKind::Drip(pause) => return ResponseDelivery::Drip(self.answer(case), pause),
            FaultKind::Slow(_) | FaultKind::Rows(_) | FaultKind::PageCap(_) => self.answer(case),
            FaultKind::Reset => return ResponseDelivery::Reset,
            FaultKind::Close => return ResponseDelivery::Close,
            FaultKind::Hang => return ResponseDelivery::Hang,
            FaultKind::Gone(duration) => return ResponseDelivery::Gone(duration),
        };
        add_api_headers(&mut reply, case);
        ResponseDelivery::Whole(reply)
    }
}

/// A requested page.
fn page<'state>(
    case: &'state Case<'_>,
    query: &'state ListQuery,
    scope: AccountNumber,
    counts: &'state mut CachedTotals,
) -> PageRequest<'state> {
    PageRequest {
        query,
        max_page_rows: case.max_page_rows,
        number: case.number,
        arrived: case.asked.arrived,
        list: format!("{:?} {scope:?} {:?}", case.route, query.filter),
        total_before: case.total_before,
        counts,
        meta: &case.meta,
    }
}

/// Adds the headers of every response of the API.
pub(super) fn add_api_headers(reply: &mut PreparedReply, case: &Case) {
    reply.set_header("x-request-id", &case.meta.request_id);
    if let Some([limit, remaining, reset]) = &case.limits {
        reply.set_header("x-ratelimit-limit", limit);
        reply.set_header("x-ratelimit-remaining", remaining);
        reply.set_header("x-ratelimit-reset", reset);
    }
}
