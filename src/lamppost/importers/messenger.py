"""Messenger (Facebook): messages from "Download your information", and end-to-end chats.

What: every thread under `messages/` of a Facebook export, as a folder, a zip or one
`message_N.json`; also the separate download of end-to-end encrypted chats (one `<name>_<n>.json`
per chat). Messages of `message_requests` and `filtered_threads` carry `request: true`. What a
parent removed with Messenger Kids is kept as a deletion.

How to obtain it: Accounts Centre, Your information and permissions, Export your information,
Messages, format JSON. End-to-end chats: Messenger, Privacy and safety, End-to-end encrypted
chats, Message storage, Download secure storage data.

What is lost and which traps there are: see `lamppost.importers.meta`, which reads this shape.
The two downloads overlap in no message, but name the same person in the same way, so that both
can be given at once.
"""

from __future__ import annotations

from lamppost.importers.meta import Meta

IMPORTER = Meta("messenger", "Messenger messages (JSON export)")
