"""The HTTP service: events in, findings out; nothing accepted is lost.

POST /v1/events ─▶ bodies ─▶ intake (read, commit) ─▶ 202
                                └─▶ folding (the spine) ─▶ states, findings, webhooks
"""
