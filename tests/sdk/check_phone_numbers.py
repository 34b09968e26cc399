"""Checks every number of a simulator with libphonenumber (`phonenumbers` on PyPI).

Usage: check_phone_numbers.py BASE_URL API_KEY

A number must be valid, belong to its stated region (regions share calling codes), and be formatted as libphonenumber formats
it: nationally, internationally and in RFC 3966.
"""

import json
import sys
import urllib.request
from collections import Counter

from phonenumbers import PhoneNumberFormat, __version__, format_number, is_valid_number, parse, region_code_for_number


def contacts(base_url, api_key):
    page, has_more = 0, True
    while has_more:
        page += 1
        url = f"{base_url}/v3/contacts?page={page}&page_size=100"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"x-api-key": api_key})) as answer:
            data = json.load(answer)["data"]
        has_more = data["pagination"]["has_more"]
        yield from data["contacts"]


def check(contact):
    number = parse(contact["format_e164"])
    assert is_valid_number(number), contact
    region = region_code_for_number(number)
    if contact["region_code"]:
        assert contact["region_code"].upper() == region, (contact, region)
    assert contact["country_code"] == str(number.country_code), contact
    for field, form in [
        ("format_e164", PhoneNumberFormat.E164),
        ("format_international", PhoneNumberFormat.INTERNATIONAL),
        ("format_national", PhoneNumberFormat.NATIONAL),
        ("format_rfc", PhoneNumberFormat.RFC3966),
    ]:
        assert contact[field] == format_number(number, form), (contact, format_number(number, form))
    if contact["phone_number"]:
        # However the number was typed, it is the same number, even with full-width digits and no-break spaces.
        typed = contact["phone_number"]
        typed = "+" + typed[2:] if typed.startswith("00") else typed
        candidates = [(typed, region), ("+" + typed, None)]
        assert any(is_same(text, home, number) for text, home in candidates), contact
    return region


def is_same(text, home, number):
    try:
        return parse(text, home) == number
    except Exception:
        return False


def main():
    base_url, api_key = sys.argv[1:]
    regions, unparsed = Counter(), 0
    for contact in contacts(base_url, api_key):
        if contact["format_e164"] is None:
            unparsed += 1
        else:
            regions[check(contact)] += 1
    assert len(regions) > 40, regions
    assert {"US", "CA", "PR", "DO", "GB", "JE", "RU", "KZ", "NA"} <= set(regions), regions
    print(f"phonenumbers {__version__}: {sum(regions.values())} numbers valid in {len(regions)} regions, {unparsed} unparsed")


main()
