"""What we do for the child: whom to call, and what to say."""
