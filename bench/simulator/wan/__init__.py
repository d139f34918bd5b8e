"""The application process of the simulated meter: associations, security and services of WAN."""
