"""The REST door: each noun's file declares its routes; the other files are what they share."""
