"""The app: a page of this computer for people without Python."""
