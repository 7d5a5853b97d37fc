"""Delivery: who is connected, one socket and its outbox, and the frames they are sent."""
