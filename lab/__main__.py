"""`python -m lab`."""

from lab.cli import main

if __name__ == "__main__":  # not again in the processes that `bench` starts
    main()
