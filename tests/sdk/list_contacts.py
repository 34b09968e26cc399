"""Reads a simulator with the official Python client (`sentdm` on PyPI) and checks that it works as with the real API.

Usage: list_contacts.py BASE_URL LIMITED_BASE_URL API_KEY MESSAGE_ID

LIMITED_BASE_URL is a second simulator with a burst of one request, then one per second. Responses are validated strictly
against the client's own types, so a field of the wrong type fails here.
"""

import json
import sys
import urllib.request
from collections import Counter

import sent_dm
from sent_dm import Sent

UNKNOWN_ID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"


def expect_error(kind, status, code, call):
    try:
        call()
    except kind as error:
        assert error.status_code == status, error.status_code
        assert error.body["error"]["code"] == code, error.body
        assert error.response.headers["x-request-id"] == error.body["meta"]["request_id"]
        return error
    raise AssertionError(f"{kind.__name__} expected")


def simulator_truth(base_url):
    with urllib.request.urlopen(f"{base_url}/_simulator/truth") as answer:
        return json.load(answer)


def check_contacts(client, base_url):
    contacts = list(client.contacts.list(page=1, page_size=100))
    ids = [contact.id for contact in contacts]
    assert ids == simulator_truth(base_url)["present_now"], "auto-pagination must give every contact, in order"
    assert len(ids) == len(set(ids)) > 1000
    # The first contact has the same values when read by id.
    first = client.contacts.retrieve(ids[0]).data
    assert first.to_dict() == contacts[0].to_dict()
    assert any(contact.format_e164 and contact.format_e164.startswith("+") for contact in contacts)
    assert any(contact.updated_at is None for contact in contacts)
    assert {contact.created_at.year for contact in contacts if contact.created_at} & {1, 2019, 2025}
    # Small pages give the same list.
    some = [contact.id for contact in client.contacts.list(page=1, page_size=77)]
    assert some == ids
    summary = client.contacts.retrieve_message_summary(ids[0]).data
    assert summary.contact_id == ids[0] and summary.message_count >= 0
    return contacts


def check_filters(client, contacts):
    rcs = [contact.id for contact in client.contacts.list(page=1, page_size=100, channel="rcs")]
    assert 0 < len(rcs) < len(contacts)
    known = next(contact for contact in contacts if contact.format_e164)
    found = list(client.contacts.list(page=1, page_size=10, phone=known.format_e164))
    assert known.id in [contact.id for contact in found]


def check_errors(client, base_url, api_key):
    wrong = Sent(api_key="wrong", base_url=base_url, max_retries=0)
    expect_error(sent_dm.AuthenticationError, 401, "AUTH_002", lambda: wrong.contacts.list(page=1, page_size=10))
    expect_error(sent_dm.BadRequestError, 400, "VALIDATION_003", lambda: client.contacts.retrieve("not-an-id"))
    expect_error(sent_dm.NotFoundError, 404, "RESOURCE_001", lambda: client.contacts.retrieve(UNKNOWN_ID))
    error = expect_error(
        sent_dm.BadRequestError, 400, "VALIDATION_005", lambda: client.contacts.list(page=0, page_size=10)
    )
    assert isinstance(error.body["error"]["details"]["page"], list)
    no_match = lambda: client.contacts.list(page=1, page_size=10, phone="+19995550100")
    expect_error(sent_dm.NotFoundError, 404, "RESOURCE_001", no_match)


def check_rate_limit(limited_base_url, api_key):
    hasty = Sent(api_key=api_key, base_url=limited_base_url, max_retries=0)
    hasty.me.retrieve()
    error = expect_error(sent_dm.RateLimitError, 429, "BUSINESS_002", hasty.me.retrieve)
    assert int(error.response.headers["retry-after"]) >= 1
    assert error.response.headers["x-ratelimit-remaining"] == "0"
    # With its own retries, the client waits as required and succeeds.
    patient = Sent(api_key=api_key, base_url=limited_base_url)
    assert patient.me.retrieve().success


def check_profiles(client):
    me = client.me.retrieve().data
    assert me.type == "organization" and me.profiles
    profile = me.profiles[0].id
    own = list(client.contacts.list(page=1, page_size=100, x_profile_id=profile))
    assert own and all(contact.customer_id == profile for contact in own)
    assert client.me.retrieve(x_profile_id=profile).data.type == "profile"
    foreign = lambda: client.contacts.list(page=1, page_size=10, x_profile_id=UNKNOWN_ID)
    expect_error(sent_dm.NotFoundError, 404, "RESOURCE_004", foreign)
    malformed = lambda: client.contacts.list(page=1, page_size=10, x_profile_id="not-an-id")
    expect_error(sent_dm.BadRequestError, 400, "VALIDATION_003", malformed)
    return own


def check_conversations(client, contacts):
    """Reads every message through the list; for some, also the single message, its activities and its contact's summary."""
    messages = list(client.conversations.list(page=1, page_size=100))
    ids = [message.id for message in messages]
    assert len(ids) == len(set(ids)) > 1000
    times = [message.created_at for message in messages]
    assert times == sorted(times, reverse=True)
    known = {contact.id for contact in contacts}
    assert {message.contact_id for message in messages} <= known
    assert {message.direction for message in messages} == {"INBOUND", "OUTBOUND"}
    assert any(message.price for message in messages) and any(message.message_body for message in messages)
    for message in messages[:60]:
        assert client.messages.retrieve_status(message.id).data.to_dict() == message.to_dict()
        activities = client.messages.retrieve_activities(message.id).data.activities
        told = [(activity.status, activity.timestamp) for activity in activities]
        assert told == [(event.status, event.timestamp) for event in reversed(message.events)]
        assert activities[0].status == message.status
        priced = [activity.price for activity in activities if activity.price]
        assert all(float(price) == message.price for price in priced)
    counts = Counter(message.contact_id for message in messages)
    for contact, count in counts.most_common(10):
        summary = client.contacts.retrieve_message_summary(contact).data
        assert summary.message_count == count
        own = [message for message in messages if message.contact_id == contact]
        assert set(summary.channels_used) == {message.channel for message in own}
        assert summary.first_message_at == min(message.created_at for message in own)
        assert summary.last_message_at == max(message.created_at for message in own)
        assert all(0 <= score.success_score + score.fail_score <= 101 for score in summary.channel_scores)
    templates = {template.id: template for template in client.templates.list(page=1, page_size=5)}
    used = {message.template_id for message in messages if message.template_id}
    assert used <= set(templates) and all(templates[template].status == "APPROVED" for template in used)
    too_large = lambda: client.conversations.list(page=1, page_size=101)
    expect_error(sent_dm.BadRequestError, 400, "VALIDATION_001", too_large)
    return messages


def check_messages(client, message_id):
    activities = client.messages.retrieve_activities(message_id).data.activities
    times = [activity.timestamp for activity in activities]
    assert times and times == sorted(times, reverse=True)
    unknown = lambda: client.messages.retrieve_activities(UNKNOWN_ID)
    expect_error(sent_dm.NotFoundError, 404, "RESOURCE_003", unknown)
    malformed = lambda: client.messages.retrieve_status("not-an-id")
    expect_error(sent_dm.BadRequestError, 400, "VALIDATION_001", malformed)


def main():
    base_url, limited_base_url, api_key, message_id = sys.argv[1:]
    client = Sent(api_key=api_key, base_url=base_url, max_retries=0, _strict_response_validation=True)
    contacts = check_contacts(client, base_url)
    check_filters(client, contacts)
    check_errors(client, base_url, api_key)
    check_rate_limit(limited_base_url, api_key)
    own = check_profiles(client)
    check_messages(client, message_id)
    messages = check_conversations(client, contacts)
    listed = client.profiles.list().data.profiles
    assert [profile.id for profile in listed] == [profile.id for profile in client.me.retrieve().data.profiles]
    print(
        f"sentdm {sent_dm.__version__}: {len(contacts)} contacts, {len(own)} of a profile, {len(messages)} messages, "
        "all errors as typed"
    )


main()
