"""The settings: the only room that knows TOML and the environment."""
