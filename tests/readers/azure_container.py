"""Creates the container `lake`: `azure_container.py ENDPOINT KEY`."""

import sys

from azure.storage.blob import BlobServiceClient

endpoint, key = sys.argv[1:]
BlobServiceClient(endpoint, credential={"account_name": "devstoreaccount1", "account_key": key}).create_container("lake")
