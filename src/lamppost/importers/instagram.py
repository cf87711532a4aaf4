"""Instagram: direct messages from "Download your information".

What: every thread under `messages/inbox`, `message_requests` and `filtered_threads`, as a folder,
a zip or one `message_N.json`. Messages of the two request folders carry `request: true`: they
came from somebody who was no contact.

How to obtain it: Accounts Centre, Your information and permissions, Export your information,
Messages, format JSON (web pages are not read), media quality as you like.

What is lost and which traps there are: see `lamppost.importers.meta`, which reads this shape.
"""

from __future__ import annotations

from lamppost.importers.meta import Meta

IMPORTER = Meta("instagram", "Instagram messages (JSON export)")
