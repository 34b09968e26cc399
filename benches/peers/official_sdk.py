"""Reads all contacts with the official Python SDK's own pagination and writes CSV.

Usage: official_sdk.py BASE_URL PAGES CONCURRENCY OUTPUT; the SDK reads pages one by one, regardless of CONCURRENCY
"""

import csv
import sys

from sent_dm import Sent

base_url, _, _, output = sys.argv[1:]
FIELDS = ["id", "phone_number", "format_e164", "format_international", "format_national", "format_rfc"]
FIELDS += ["country_code", "region_code", "available_channels", "default_channel", "opt_out", "is_inherited"]
FIELDS += ["created_at", "updated_at"]

client = Sent(api_key="not-looked-at", base_url=base_url)
with open(output, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(FIELDS)
    for contact in client.contacts.list(page=1, page_size=100):
        writer.writerow([getattr(contact, field) for field in FIELDS])
