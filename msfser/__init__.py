"""msfser: the emotion model MSF-SER on top of lemf."""
