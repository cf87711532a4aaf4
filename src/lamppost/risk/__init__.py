"""How sure and how urgent: evidence added in bits, context, alarms, levels."""
