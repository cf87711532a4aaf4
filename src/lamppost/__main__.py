"""`python -m lamppost` is the same as `lamppost`."""

from lamppost.cli import main

if __name__ == "__main__":
    main()
