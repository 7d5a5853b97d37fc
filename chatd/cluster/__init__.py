"""Several processes on one database are one server: how what one of them commits reaches the others.

``encoding`` writes events as bytes, ``order`` says what may be told when (without any I/O), ``stream`` follows the
table of commits with it, and ``roll`` and ``talk`` keep who is connected where. ``background`` runs what they repeat.
"""
