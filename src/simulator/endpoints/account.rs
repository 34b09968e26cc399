//! The account, its profiles and its templates.
//!
//! *Easy to get wrong:* as in the real service, the list of sender profiles contains an API key for each profile. A client
//! must not write these keys anywhere.
//!
//! `/v3/profiles` is the deprecated form: without paging, and with `profiles` instead of `sender_profiles`.

use super::super::accounts::{AccountNumber, Accounts, SimulatedAccount};
use super::super::error_code::ErrorCode;
use super::super::json::JsonText;
use super::super::reply::{PreparedReply, Refusal, ReplyMeta};
use super::super::templates::Template;
use super::{OpenBooks, PageRequest, pagination};

/// The settings of every profile.
const SETTINGS: &str = "{\"allow_contact_sharing\":false,\"allow_template_sharing\":false,\"inherit_contacts\":false,\
                        \"inherit_templates\":false,\"inherit_tcr_brand\":true,\"inherit_tcr_campaign\":true,\
                        \"billing_model\":\"organization\"}";

/// The account that the request reads.
pub(in super::super) fn me(accounts: &Accounts, scope: AccountNumber, meta: &ReplyMeta) -> PreparedReply {
    let account = accounts.account(scope);
    let is_organization = scope == AccountNumber::ORGANIZATION;
    let kind = match (is_organization, accounts.profiles().is_empty()) {
        (true, false) => "organization",
        (true, true) => "user",
        (false, _) => "profile",
    };
    meta.success(2_048, |json| {
        json.raw("{");
        json.verbatim_member("id", Some(&account.id.to_string()));
        json.text_member("type", Some(kind));
        json.text_member("name", Some(account.name));
        json.text_member("email", Some("owner+simulated@example.com"));
        json.verbatim_member("created_at", Some("2019-01-01T00:00:00Z"));
        json.raw_member(
            "channels",
            "{\"sms\":{\"configured\":true,\"phone_number\":\"\\u002B12025550100\"},\
             \"whatsapp\":{\"configured\":false,\"phone_number\":null,\"business_name\":null},\
             \"rcs\":{\"configured\":false,\"phone_number\":null}}",
        );
        if !is_organization {
            let organization = accounts.account(AccountNumber::ORGANIZATION).id.to_string();
            json.verbatim_member("organization_id", Some(&organization));
            json.raw_member("settings", SETTINGS);
        }
        json.text_member("status", Some("approved"));
        json.key("profiles");
        let shown = if is_organization { accounts.profiles() } else { &[] };
        write_profiles(json, shown);
        json.raw("}");
    })
}

/// The profiles of the organization, in the deprecated format.
pub(in super::super) fn profiles(
    accounts: &Accounts,
    scope: AccountNumber,
    meta: &ReplyMeta,
) -> Result<PreparedReply, Refusal> {
    if scope != AccountNumber::ORGANIZATION {
        return Err(ErrorCode::AUTH_004.into());
    }
    let count = u32::try_from(accounts.profiles().len()).unwrap_or_default();
    Ok(meta.success(4_096, |json| {
        json.raw("{");
        json.key("profiles");
        write_profiles(json, accounts.profiles());
        json.key("pagination");
        pagination(json, 1, count.max(1), count);
        json.raw("}");
    }))
}

fn write_profiles(json: &mut JsonText, profiles: &[SimulatedAccount]) {
    json.list((1..).zip(profiles), |json, (number, profile): (u32, _)| {
        json.raw("{");
        json.verbatim_member("id", Some(&profile.id.to_string()));
        json.text_member("name", Some(profile.name));
        json.text_member("short_name", Some(&format!("P{number}")));
        json.raw_member("description", "null");
        json.text_member("role", Some("admin"));
        json.text_member("status", Some("approved"));
        json.verbatim_member("created_at", Some("2022-05-01T08:30:00.25Z"));
        json.raw("}");
    });
}

/// A page of the profiles of the organization.
pub(in super::super) fn sender_profiles(
    accounts: &Accounts,
    scope: AccountNumber,
    mut page: PageRequest<'_>,
) -> Result<PreparedReply, Refusal> {
    if scope != AccountNumber::ORGANIZATION {
        return Err(ErrorCode::AUTH_004.into());
    }
    let organization = accounts.account(scope).id.to_string();
    let term = page.query.filter.search.as_deref().unwrap_or_default().to_lowercase();
    let fitting: Vec<(u32, &SimulatedAccount)> =
        (1..).zip(accounts.profiles()).filter(|(_, profile)| profile.name.to_lowercase().contains(&term)).collect();
    Ok(page.meta.success(4_096, |json| {
        json.raw("{\"sender_profiles\":");
        let rows = page.window(&fitting).iter().take(page.max_page_rows);
        json.list(rows, |json, (number, profile)| {
            json.raw("{");
            json.verbatim_member("id", Some(&profile.id.to_string()));
            json.verbatim_member("organization_id", Some(&organization));
            json.text_member("name", Some(profile.name));
            json.text_member("short_name", Some(&format!("P{number}")));
            json.raw_member("description", "null");
            json.text_member("status", Some("approved"));
            json.text_member("api_key", Some(&format!("sk_test_never_export_this_{number}")));
            json.text_member("sending_phone_number", Some("+12025550100"));
            json.verbatim_member("created_at", Some("2022-05-01T08:30:00.25Z"));
            json.raw_member("updated_at", "null");
            json.raw("}");
        });
        page.write_pagination(json, u32::try_from(fitting.len()).unwrap_or(u32::MAX));
        json.raw("}");
    }))
}

/// A page of the templates.
pub(in super::super) fn templates(books: &OpenBooks<'_>, mut page: PageRequest<'_>) -> PreparedReply {
    let term = page.query.filter.search.as_deref().unwrap_or_default().to_lowercase();
    let senders = books.mailbox.senders().iter().enumerate();
    let fitting: Vec<&Template> = senders
        .filter(|(owner, _)| books.owner.is_none_or(|wanted| wanted == *owner))
        .flat_map(|(_, sender)| sender.templates.list())
        .filter(|template| template.name.contains(&term))
        .collect();
    page.meta.success(8_192, |json| {
        json.raw("{\"templates\":");
        json.list(page.window(&fitting).iter().take(page.max_page_rows), |json, template| template.write(json));
        page.write_pagination(json, u32::try_from(fitting.len()).unwrap_or(u32::MAX));
        json.raw("}");
    })
}
