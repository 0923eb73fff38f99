# Scores the words of the selected TextGrid by their emphasis in the selected Sound.
# The installed command lemf does the work; its tiers come back in a new TextGrid, its table in the
# Info window.
form Score emphasis (lemf)
    comment Name of the command, or its path where Praat does not find it:
    sentence Command lemf
    optionmenu Cues: 2
        option paper
        option listeners
    comment Further options of lemf score, such as --sentences pause:0.4
    sentence Options
endform

if numberOfSelected ("Sound") <> 1 or numberOfSelected ("TextGrid") <> 1
    exitScript: "Select one Sound and one TextGrid, then choose this command again."
endif
sound = selected: "Sound"
textgrid = selected: "TextGrid"
sound_name$ = selected$: "Sound"
name$ = selected$: "TextGrid"
selectObject: sound
start = Get start time
peak = Get absolute extremum: 0, 0, "None"
selectObject: textgrid
grid_start = Get start time
if grid_start < start - 0.0005
    selectObject: sound, textgrid
    exitScript: "TextGrid " + name$ + " starts at " + fixed$ (grid_start, 3)
    ... + " s, Sound " + sound_name$ + " at " + fixed$ (start, 3)
    ... + " s: extract the same part of both, with preserved times or without in both."
endif

# Files between Praat and lemf, with names that no file has: some Praats keep temporary files among
# those of the user
folder$ = replace$ (temporaryDirectory$, "\", "/", 0) + "/"
repeat
    base$ = folder$ + "lemf_" + string$ (randomInteger (1, 999999999)) + "_"
    wav$ = base$ + "input.wav"
    input$ = base$ + "input.TextGrid"
    output$ = base$ + "output.TextGrid"
    table$ = base$ + "table.txt"
    messages$ = base$ + "messages.txt"
    taken = fileReadable (wav$) + fileReadable (input$) + fileReadable (output$)
    taken = taken + fileReadable (table$) + fileReadable (messages$)
until taken = 0

# A wav file starts at 0 s and ends at an amplitude of 1: copies are moved there, and brought back
level_note$ = ""
time_note$ = ""
factor = 1
while peak > factor
    factor = 2 * factor
endwhile
selectObject: sound
copy = Copy: sound_name$
if factor > 1
    Multiply: 1 / factor
    level_note$ = "note: Sound " + sound_name$ + ": reaches " + fixed$ (peak, 2)
    ... + ", and files end at 1: scored with amplitudes divided by " + string$ (factor)
    ... + ", so levels are " + fixed$ (20 * log10 (factor), 1) + " dB lower" + newline$
endif
nowarn Save as 32-bit WAV file: wav$
removeObject: copy
selectObject: textgrid
copy = Copy: name$
if start <> 0
    Shift times by: -start
    time_note$ = "note: Sound " + sound_name$ + ": starts at " + fixed$ (start, 3)
    ... + " s; times in this window count from there, those of the new TextGrid do not" + newline$
endif
Save as text file: input$
removeObject: copy

q$ = """"
line$ = command$ + " score " + q$ + wav$ + q$ + " " + q$ + input$ + q$
line$ = line$ + " --cues " + cues$ + " --textgrid " + q$ + output$ + q$ + " " + options$
line$ = line$ + " > " + q$ + table$ + q$ + " 2> " + q$ + messages$ + q$
runSystem_nocheck: line$

said$ = ""
if fileReadable: messages$
    said$ = readFile$: messages$
endif
if not fileReadable: output$
    @remove_files
    selectObject: sound, textgrid
    if said$ = ""
        said$ = command$ + " does not run; give its path, such as /home/me/.venv/bin/lemf"
    endif
    @name_objects: said$
    said$ = replace_regex$ (name_objects.text$, "^Usage: .*\n(Try .*\n)?\n*", "", 1)
    exitScript: replace_regex$ (said$, "^Error: ", "", 1) + time_note$
endif

@name_objects: readFile$ (table$)
writeInfoLine: name_objects.text$
@name_objects: said$
appendInfo: replace$ (name_objects.text$, "wrote the new TextGrid" + newline$, "", 0)
appendInfo: level_note$, time_note$
scores = Read from file: output$
if start <> 0
    Shift times by: start
endif
Rename: name$ + "_emphasis"
@remove_files
selectObject: sound, scores

# Puts the names of the objects for those of the files between Praat and lemf
procedure name_objects: .text$
    @replace_name: .text$, wav$, "Sound " + sound_name$
    @replace_name: replace_name.text$, input$, "TextGrid " + name$
    @replace_name: replace_name.text$, output$, "the new TextGrid"
    .text$ = replace_name.text$
endproc

procedure replace_name: .text$, .path$, .name$
    .text$ = replace$ (.text$, .path$, .name$, 0)
    .text$ = replace$ (.text$, replace$ (.path$, "/", "\", 0), .name$, 0)
    .text$ = replace$ (.text$, replace$ (.path$, folder$, "", 0), .name$, 0)
endproc

procedure remove_files
    deleteFile: wav$
    deleteFile: input$
    deleteFile: output$
    deleteFile: table$
    deleteFile: messages$
endproc
