"""`python -m textreid` is the command line, where there is no `textreid` on the PATH."""

from textreid.cli import main

if __name__ == "__main__":
    main()
